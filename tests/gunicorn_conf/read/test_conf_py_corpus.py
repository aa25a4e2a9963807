"""Files in the styles of public configurations: they can be read, and are read as Gunicorn loads them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from gunicorn_conf.read.conf_py import read_conf
from gunicorn_conf.read.execute import execute
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, Value

_FOLDER = Path(__file__).with_name("corpus")


def _corpus() -> dict[str, str]:
    files: dict[str, str] = {}
    for path in sorted(_FOLDER.glob("*.txt")):
        for part in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            name, _, text = part.partition("\n")
            files[f"{path.stem}: {name}"] = text
    return files


CORPUS = _corpus()
READABLE = {name: text for name, text in CORPUS.items() if not name.startswith("unparsable")}
# What a value may honestly be unknown for: it needs another file, a package, the machine, or the variable itself.
_GOOD_REASONS = re.compile(
    r"is not given$|which is not executed$|^it depends on the folder|is not evaluated$|^it is the function"
    r"|^it is a lambda|^it is the class|physical cores|goes otherwise$|placeholder"
)


def _reasons(value: Value) -> list[str]:
    if isinstance(value, OneOf):
        return [why for one in value.values for why in _reasons(one)]
    return [value.why] if isinstance(value, Unknown) else []


def test_at_least_92_of_100_files_are_read() -> None:
    assert len(CORPUS) >= 100
    read = 0
    for text in CORPUS.values():
        conf, assigned = read_conf("gunicorn.conf.py", text)
        sound = conf.problem is None and conf.failure is None
        read += sound and all(_GOOD_REASONS.search(why) for one in assigned for why in _reasons(one.value))
    assert read / len(CORPUS) >= 0.92


def test_most_settings_are_known_for_certain() -> None:
    values = [one.value for text in READABLE.values() for one in read_conf("gunicorn.conf.py", text)[1]]
    known = [one for one in values if isinstance(one, (Known, PerHost))]
    assert len(known) / len(values) >= 0.75


@pytest.mark.parametrize("name", sorted(set(CORPUS) - set(READABLE)))
def test_what_is_no_python_is_reported_or_unknown(name: str) -> None:
    conf, assigned = read_conf("gunicorn.conf.py", CORPUS[name])
    if conf.problem is None:
        assert all("placeholder" in why for one in assigned for why in _reasons(one.value))
        assert all(_reasons(one.value) for one in assigned)
    else:
        assert conf.problem_place is not None
        assert conf.problem_place.line is not None


@pytest.mark.parametrize("name", READABLE)
def test_execution_gives_the_same(name: str, tmp_path: Path) -> None:
    conf, assigned = read_conf("gunicorn.conf.py", READABLE[name])
    executed, values = execute(
        "gunicorn.conf.py", READABLE[name], python=sys.executable, environment={}, directory=str(tmp_path)
    )
    if executed.failure is not None:
        assert any(isinstance(one.value, Unknown) for one in assigned) or conf.incomplete
        return
    real = {one.name: one.value for one in values}
    assert conf.failure is None
    for one in assigned:
        expected = real.get(one.name)
        if isinstance(one.value, Known) and isinstance(expected, Known):
            assert one.value == expected
        elif isinstance(one.value, OneOf) and isinstance(expected, Known):
            assert expected in one.value.values or any(not isinstance(each, Known) for each in one.value.values)
        elif expected is None:
            assert one.conditional
    assert set(real) <= {one.name for one in assigned} or conf.incomplete


@pytest.mark.parametrize("name", [name for name in READABLE if name.startswith("literals")])
def test_gunicorn_loads_the_same_settings(name: str, tmp_path: Path) -> None:
    from gunicorn.app.base import Application
    from gunicorn.config import KNOWN_SETTINGS

    class App(Application):
        def __init__(self) -> None:
            """Load nothing yet."""

    path = tmp_path / "gunicorn.conf.py"
    path.write_text(READABLE[name], encoding="utf-8")
    loaded = App().get_config_from_filename(str(path))
    of_this_release = {setting.name for setting in KNOWN_SETTINGS}
    _, assigned = read_conf(str(path), READABLE[name])
    seen = {one.name: one.value for one in assigned if one.name in of_this_release}
    assert seen == {name: Known(value=value) for name, value in loaded.items() if name in of_this_release}
