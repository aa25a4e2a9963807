from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from gunicorn_conf import make_settings
from gunicorn_conf.errors import BadInput
from gunicorn_conf.make_settings import PROBE, SETTINGS_JSON, as_text, catalogue, probe
from gunicorn_conf.release import NEWEST_KNOWN, OLDEST_SUPPORTED, Release
from gunicorn_conf.settings import SettingType, setting, settings, supports, worker_classes
from tests.releases import RELEASES, release_python

# A sample, written down by hand; the catalogue as a whole is compared with the releases themselves.
SINCE = {
    "print_config": "20.1.0",
    "wsgi_app": "20.1.0",
    "header_map": "22.0.0",
    "permit_obsolete_folding": "23.0.0",
    "asgi_loop": "24.0.0",
    "dirty_workers": "25.0.0",
    "control_socket": "25.1.0",
}


def assert_catalogue_agrees_with(found: dict[str, object], release: Release) -> None:
    known = {name: about for name, about in settings().items() if supports(name, release)}
    actual = found["settings"]
    assert isinstance(actual, dict)
    assert set(known) == set(actual)
    for name, about in known.items():
        assert about.section == actual[name]["section"], name
        assert list(about.flags) == actual[name]["flags"], name
        assert about.type(release).value == actual[name]["type"], name
        assert about.default(release) == actual[name]["default"], name
    assert worker_classes(release) == set(found["worker_classes"])  # type: ignore[call-overload]


def test_the_catalogue_agrees_with_the_gunicorn_installed_here() -> None:
    assert_catalogue_agrees_with(probe(sys.executable), Release.parse(version("gunicorn")))


@pytest.mark.slow
def test_the_catalogue_agrees_with_each_release(release: str) -> None:
    assert_catalogue_agrees_with(probe(release_python(release)), Release.parse(release))


@pytest.mark.parametrize(("name", "since"), SINCE.items())
def test_a_setting_is_supported_from_its_release_on(name: str, since: str) -> None:
    first = Release.parse(since)
    just_before = first._replace(patch=-1)
    assert supports(name, first)
    assert supports(name, NEWEST_KNOWN)
    assert not supports(name, just_before)


def test_a_setting_that_went_is_supported_only_in_between() -> None:
    having = [release for release in RELEASES if supports("tolerate_dangerous_framing", Release.parse(release))]
    assert having == ["22.0.0"]


def test_no_release_supports_a_setting_that_does_not_exist() -> None:
    assert not any(supports("wokers", Release.parse(release)) for release in RELEASES)


def test_a_release_of_the_future_has_what_the_newest_has() -> None:
    future = Release(NEWEST_KNOWN.major + 10)
    assert {name for name in settings() if supports(name, future)} == {
        name for name in settings() if supports(name, NEWEST_KNOWN)
    }
    assert worker_classes(future) == worker_classes(NEWEST_KNOWN)


def test_the_eventlet_worker_went_with_26() -> None:
    assert "eventlet" in worker_classes(Release(25, 3))
    assert "eventlet" not in worker_classes(Release(26))


def test_a_default_that_changed_depends_on_the_release() -> None:
    control_socket = setting("control_socket")
    assert control_socket.default(Release(25, 1)) == "gunicorn.ctl"
    assert control_socket.default(Release(25, 2)) == "~/.gunicorn/gunicorn.ctl"


def test_a_type_that_changed_depends_on_the_release() -> None:
    assert setting("proxy_protocol").type(Release(23)) is SettingType.BOOL
    assert setting("proxy_protocol").type(Release(27)) is SettingType.STR


def test_every_setting_covers_the_supported_releases_without_a_gap() -> None:
    for about in settings().values():
        assert about.defaults[0][0] == about.since == about.types[0][0]
        assert list(about.defaults) == sorted(about.defaults, key=lambda pair: pair[0])


def test_the_variables_are_those_that_change_a_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables = {about.variable: "7" for about in settings().values() if about.variable}
    variables |= {"FORWARDED_ALLOW_IPS": "10.0.0.7", "XDG_RUNTIME_DIR": str(tmp_path)}
    before = probe(sys.executable)["settings"]
    monkeypatch.setattr(make_settings, "EMPTY_ENVIRONMENT", make_settings.EMPTY_ENVIRONMENT | variables)
    after = probe(sys.executable)["settings"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    changed = {name for name in before if before[name]["default"] != after[name]["default"]}
    # SENDFILE is read when the server runs, not where the default is made.
    assert changed == {name for name, about in settings().items() if about.variable} - {"sendfile"}


def test_an_unknown_setting_gets_the_nearest_as_a_hint() -> None:
    with pytest.raises(BadInput, match="'wokers' is not a setting") as raised:
        setting("wokers")
    assert raised.value.hint == "did you mean 'workers'?"


def test_nothing_of_a_machine_is_in_the_file() -> None:
    text = SETTINGS_JSON.read_text(encoding="utf-8")
    assert not any(trace in text for trace in ("/root", "/home", "/nonexistent", "/tmp", str(Path.home())))


def test_the_file_is_written_as_the_command_writes_it() -> None:
    text = SETTINGS_JSON.read_text(encoding="utf-8")
    assert as_text(json.loads(text)) == text


def test_the_file_covers_the_supported_releases() -> None:
    covered = [Release.parse(release) for release in json.loads(SETTINGS_JSON.read_text(encoding="utf-8"))["releases"]]
    assert covered == sorted(covered)
    assert covered[-1] == NEWEST_KNOWN
    assert OLDEST_SUPPORTED in covered
    assert {Release.parse(release) for release in RELEASES} <= set(covered)


def test_since_removed_and_histories_come_from_what_each_release_printed() -> None:
    def found(**defaults: object) -> dict[str, object]:
        about = {"section": "S", "flags": ["--f"], "type": "int"}
        return {
            "settings": {name: about | {"default": value} for name, value in defaults.items()},
            "worker_classes": [],
        }

    made = catalogue({"1.0": found(a=0, b=1), "2.0": found(a=0, b=2), "3.0": found(a=False, c=3)})

    common = {"section": "S", "flags": ["--f"]}
    assert made["settings"] == {
        # 0 and False are equal in Python and are not the same default
        "a": {"since": "1.0", **common, "types": {"1.0": "int"}, "defaults": {"1.0": 0, "3.0": False}},
        "b": {"since": "1.0", "removed": "3.0", **common, "types": {"1.0": "int"}, "defaults": {"1.0": 1, "2.0": 2}},
        "c": {"since": "3.0", **common, "types": {"3.0": "int"}, "defaults": {"3.0": 3}},
    }


def test_the_probe_needs_nothing_of_gcadvise() -> None:
    assert "gunicorn_conf" not in PROBE.read_text(encoding="utf-8")
