import os
import stat

import pytest

from advisor.cli.files import write_file
from gunicorn_conf.errors import BadInput


def files(directory):
    return sorted(path.name for path in directory.iterdir())


def test_a_new_file_holds_the_text_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "gunicorn.conf.py"
    written = write_file(path, "workers = 5\n", force=False)
    assert written.changed
    assert written.backup is None
    assert path.read_text() == "workers = 5\n"
    assert files(tmp_path) == ["gunicorn.conf.py"]


def test_a_new_file_has_the_permissions_of_the_users_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "a.py", "x = 1\n", force=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.py").stat().st_mode) == 0o640


def test_an_existing_file_is_left_alone_without_force(tmp_path):
    path = tmp_path / "gunicorn.conf.py"
    path.write_text("mine\n")
    with pytest.raises(BadInput) as error:
        write_file(path, "theirs\n", force=False)
    assert "--force" in error.value.hint
    assert path.read_text() == "mine\n"
    assert files(tmp_path) == ["gunicorn.conf.py"]


def test_force_keeps_the_former_file_beside_it_with_its_permissions(tmp_path):
    path = tmp_path / "gunicorn.conf.py"
    path.write_text("mine\n")
    path.chmod(0o600)
    written = write_file(path, "theirs\n", force=True)
    assert written.backup == tmp_path / "gunicorn.conf.py.bak"
    assert written.backup.read_text() == "mine\n"
    assert path.read_text() == "theirs\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_former_file_is_kept(tmp_path):
    path = tmp_path / "gunicorn.conf.py"
    path.write_text("first\n")
    for text in ("second\n", "third\n", "fourth\n"):
        write_file(path, text, force=True)
    kept = {(tmp_path / name).read_text() for name in files(tmp_path)}
    assert kept == {"first\n", "second\n", "third\n", "fourth\n"}


def test_the_same_text_again_writes_nothing(tmp_path):
    path = tmp_path / "gunicorn.conf.py"
    write_file(path, "same\n", force=False)
    written = write_file(path, "same\n", force=True)
    assert not written.changed
    assert files(tmp_path) == ["gunicorn.conf.py"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.py").write_text("mine\n")
    (tmp_path / "link.py").symlink_to("real.py")
    write_file(tmp_path / "link.py", "theirs\n", force=True)
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == "theirs\n"


@pytest.mark.parametrize("name", ["missing/gunicorn.conf.py", "."])
def test_a_place_that_cannot_be_written_is_an_error_with_the_reason(tmp_path, name):
    with pytest.raises(BadInput) as error:
        write_file(tmp_path / name, "x\n", force=True)
    assert error.value.why


def test_a_failure_while_replacing_leaves_the_former_file(tmp_path, monkeypatch):
    path = tmp_path / "gunicorn.conf.py"
    path.write_text("mine\n")

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(BadInput, match="cannot be written"):
        write_file(path, "theirs\n", force=True)
    assert path.read_text() == "mine\n"
    assert files(tmp_path) == ["gunicorn.conf.py", "gunicorn.conf.py.bak"]


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "gunicorn.conf.py"
    real = os.fsync

    def appear(descriptor):
        path.write_text("somebody else's\n")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", appear)
    with pytest.raises(BadInput, match="appeared"):
        write_file(path, "ours\n", force=False)
    assert path.read_text() == "somebody else's\n"
    assert files(tmp_path) == ["gunicorn.conf.py"]
