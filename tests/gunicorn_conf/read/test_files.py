"""What is found in a repository, and of which kind it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gunicorn_conf.read.files import LARGEST_BYTES, discover, kind_of, read


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("gunicorn.conf.py", "", "conf"),
        ("deploy/gunicorn_conf.py", "", "conf"),
        ("gunicorn-prod.conf.py", "", "conf"),
        ("prod.gunicorn.py", "", "conf"),
        ("gunicorn.py", "", "conf"),
        ("gunicorn.conf.py.j2", "", "conf"),
        ("Dockerfile", "", "dockerfile"),
        ("Dockerfile.prod", "", "dockerfile"),
        ("web.Dockerfile", "", "dockerfile"),
        ("Containerfile", "", "dockerfile"),
        ("Procfile", "", "procfile"),
        ("Procfile.dev", "", "procfile"),
        ("app.service", "", "systemd"),
        ("start.sh", "", "shell"),
        ("bin/start", "#!/usr/bin/env bash\n", "shell"),
        ("docker-compose.yml", "", "compose"),
        ("compose.prod.yaml", "", "compose"),
        ("stack.yml", "services:\n  web:\n", "compose"),
        ("k8s/app.yaml", "apiVersion: v1\nkind: Pod\n", "kubernetes"),
        ("supervisord.conf", "[program:x]\n", "supervisor"),
        ("web.ini", "[program:x]\n", "supervisor"),
        ("gunicorn.conf", "[program:gunicorn]\ncommand=gunicorn\n", "supervisor"),
        ("requirements.txt", "", "requirements"),
        ("requirements-dev.txt", "", "requirements"),
        ("poetry.lock", "", "requirements"),
        ("nginx.conf", "", "proxy"),
        ("Caddyfile", "", "proxy"),
        (".env", "", "env"),
        ("app.py", "", "python"),
        ("notes.txt", "", None),
        ("ci.yml", "on: push\n", None),
        ("README.md", "gunicorn", None),
    ],
)
def test_kinds(path: str, text: str, kind: str | None) -> None:
    assert kind_of(path, text) == kind


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(root: Path) -> list[str]:
    return [str(Path(source.path).relative_to(root)) for source in discover(root)]


def test_what_a_repository_holds(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "gunicorn.conf.py": "",
            "Dockerfile": "CMD gunicorn -c conf/web.py shop.web:app",
            "conf/web.py": "workers = 1",
            "shop/web.py": "app = 1",
            "shop/models.py": "x = 1",
            "start.sh": "exec gunicorn a:b",
            "k8s/app.yaml": "apiVersion: v1\nkind: Pod\n# gunicorn",
            "k8s/redis.yaml": "apiVersion: v1\nkind: Pod\n# redis",
            "k8s/ingress.yaml": "apiVersion: v1\nkind: Ingress\n",
            "requirements.txt": "gunicorn",
            "README.md": "gunicorn",
            ".github/workflows/ci.yml": "run: gunicorn --check-config a:b",
        },
    )
    assert set(found(tmp_path)) == {
        "gunicorn.conf.py",
        "Dockerfile",
        "conf/web.py",
        "shop/web.py",
        "start.sh",
        "k8s/app.yaml",
        "k8s/ingress.yaml",
        "requirements.txt",
    }


@pytest.mark.parametrize("folder", [".git", "node_modules", "venv", ".venv", "__pycache__", "site-packages", ".tox"])
def test_folders_that_are_not_the_users_own_are_left_out(tmp_path: Path, folder: str) -> None:
    write(tmp_path, {f"{folder}/gunicorn.conf.py": "", f"a/{folder}/Dockerfile": "CMD gunicorn"})
    assert found(tmp_path) == []


def test_a_virtual_environment_is_known_by_its_marker(tmp_path: Path) -> None:
    write(tmp_path, {"my-python/pyvenv.cfg": "", "my-python/lib/gunicorn.conf.py": ""})
    assert found(tmp_path) == []


def test_links_out_of_the_directory_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"inside/real.py": "", "outside/gunicorn.conf.py": "", "inside/sub/Procfile": "web: gunicorn a:b"})
    (tmp_path / "inside" / "gunicorn.conf.py").symlink_to(tmp_path / "outside" / "gunicorn.conf.py")
    (tmp_path / "inside" / "linked").symlink_to(tmp_path / "outside")
    (tmp_path / "inside" / "loop").symlink_to(tmp_path / "inside")
    assert found(tmp_path / "inside") == ["sub/Procfile"]


def test_binary_and_large_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "start.sh").write_bytes(b"gunicorn a:b\0")
    (tmp_path / "Dockerfile").write_bytes(b"#" * (LARGEST_BYTES + 1))
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "problem"), [(b"workers = 1\0", "it is not text"), (b"#" * (LARGEST_BYTES + 1), "are read")]
)
def test_a_configuration_file_that_cannot_be_read_says_so(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "gunicorn.conf.py").write_bytes(content)
    (source,) = discover(tmp_path)
    assert source.text == ""
    assert problem in (source.problem or "")
    assert read(tmp_path / "gunicorn.conf.py") is None


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gunicorn.conf.py")
    assert read(tmp_path / "gunicorn.conf.py") is None
    assert found(tmp_path) == []


def test_a_unit_that_is_a_template_is_found(tmp_path: Path) -> None:
    write(tmp_path, {"roles/gunicorn.service.j2": "[Service]\nExecStart={{ venv }}/bin/gunicorn a:b\n"})
    assert found(tmp_path) == ["roles/gunicorn.service.j2"]


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_bytes(b"# caf\xe9\nworkers = 1\n")
    source = read(tmp_path / "gunicorn.conf.py")
    assert source is not None
    assert "workers = 1" in source.text
    source.text.encode()


def test_a_directory_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        discover(tmp_path / "nowhere")


def test_paths_are_as_the_user_would_write_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"deploy/Procfile": "web: gunicorn a:b"})
    monkeypatch.chdir(tmp_path)
    assert [source.path for source in discover(Path())] == ["deploy/Procfile"]
    assert [source.path for source in discover(Path("deploy"))] == ["deploy/Procfile"]
