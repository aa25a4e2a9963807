"""Writes settings.json anew from the releases themselves: ``python -m gunicorn_conf.make_settings``.

A command for those who work on gcadvise. It installs each release from the package index into a directory of its own
and lets probe_settings.py read it in a clean environment. To add a release, add it to RELEASES and run it again; the
test of the catalogue says when the newest Gunicorn knows more than the catalogue.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

# Every final release from 19.9.0 on that the package index has, so that since and removed are exact. What 19.9.0
# already knew says "since 19.9.0", which stands for "or earlier".
# fmt: off
RELEASES = (
    "19.9.0", "19.10.0",
    "20.0.0", "20.0.2", "20.0.3", "20.0.4", "20.1.0",
    "21.0.0", "21.0.1", "21.1.0", "21.2.0",
    "22.0.0",
    "23.0.0",
    "24.0.0", "24.1.0", "24.1.1",
    "25.0.0", "25.0.1", "25.0.2", "25.0.3", "25.1.0", "25.2.0", "25.3.0",
    "26.0.0", "26.1.0", "26.2.0",
    "27.0.0", "27.0.1",
)
# fmt: on

# Up to 20.1.0 Gunicorn imports pkg_resources, which setuptools 81 and later no longer bring and 80.9 warns about.
NEEDS_PKG_RESOURCES = ("19.", "20.")
PKG_RESOURCES = "setuptools<80.9"

# The environment variables that Gunicorn reads where a default is made (gunicorn/config.py, class bodies of Workers,
# Bind, ForwardedAllowIPS, Sendfile's property, and _get_default_control_socket).
VARIABLES = {
    "bind": "PORT",
    "control_socket": "XDG_RUNTIME_DIR",
    "forwarded_allow_ips": "FORWARDED_ALLOW_IPS",
    "sendfile": "SENDFILE",
    "workers": "WEB_CONCURRENCY",
}

_HERE = Path(__file__).parent
SETTINGS_JSON = _HERE / "settings.json"
PROBE = _HERE / "probe_settings.py"
EMPTY_ENVIRONMENT = {"HOME": "/nonexistent", "PATH": os.defpath}


def probe(python: str | Path, directory: Path | None = None) -> dict[str, object]:
    """What the Gunicorn of this interpreter knows, as probe_settings.py prints it.

    ``directory`` holds the Gunicorn to read where it is not installed for the interpreter.
    """
    arguments = [str(python), "-I", *(["-S", str(PROBE), str(directory)] if directory else [str(PROBE)])]
    done = subprocess.run(arguments, env=EMPTY_ENVIRONMENT, capture_output=True, text=True, check=True)
    result: dict[str, object] = json.loads(done.stdout)
    return result


def catalogue(probes: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """The content of settings.json from what each release, oldest first, printed.

    Section and flags are those of the last release that has the setting. Type and default are histories: the release
    that brought a value -> the value.
    """
    order = list(probes)
    settings = {release: _mapping(found["settings"]) for release, found in probes.items()}
    classes = {release: dict.fromkeys(_list(found["worker_classes"])) for release, found in probes.items()}
    return {
        "releases": order,
        "worker_classes": {name: _lifetime(name, classes) for name in sorted(set().union(*classes.values()))},
        "settings": {name: _entry(name, settings) for name in sorted(set().union(*settings.values()))},
    }


def _entry(name: str, settings: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    having = {release: _mapping(known[name]) for release, known in settings.items() if name in known}
    last = list(having.values())[-1]
    entry = _lifetime(name, settings)
    entry["section"] = last["section"]
    entry["flags"] = last["flags"]
    if name in VARIABLES:
        entry["variable"] = VARIABLES[name]
    entry["types"] = _history({release: about["type"] for release, about in having.items()})
    entry["defaults"] = _history({release: about["default"] for release, about in having.items()})
    return entry


def _lifetime(name: str, known: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    order = list(known)
    having = [release for release in order if name in known[release]]
    after = order[order.index(having[-1]) + 1 :]
    return {"since": having[0], **({"removed": after[0]} if after else {})}


def _history(values: Mapping[str, object]) -> dict[str, object]:
    history: dict[str, object] = {}
    before: object = object()
    for release, value in values.items():
        if value != before or type(value) is not type(before):
            history[release] = value
        before = value
    return history


def as_text(content: Mapping[str, object]) -> str:
    """The catalogue as JSON with one setting a line, so that a change shows as a small diff."""
    parts = [f'"releases": {json.dumps(content["releases"])}']
    for key in ("worker_classes", "settings"):
        lines = [f"    {json.dumps(name)}: {json.dumps(entry)}" for name, entry in _mapping(content[key]).items()]
        parts.append(f'"{key}": {{\n' + ",\n".join(lines) + "\n  }")
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def install(release: str, directory: Path) -> None:
    """Install one release into a directory, from the package index."""
    extra = [PKG_RESOURCES] if release.startswith(NEEDS_PKG_RESOURCES) else []
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(directory), f"gunicorn=={release}"]
    subprocess.run([*command, *extra], check=True)


def main(releases: Sequence[str] = RELEASES, target: Path = SETTINGS_JSON) -> None:
    """Install every release, read it, and write the catalogue."""
    probes = {}
    with tempfile.TemporaryDirectory() as folder:
        for release in releases:
            directory = Path(folder) / release
            print(f"gunicorn {release}", flush=True)
            install(release, directory)
            probes[release] = probe(sys.executable, directory)
    target.write_text(as_text(catalogue(probes)), encoding="utf-8")
    print(f"wrote {target}")


def _mapping(value: object) -> Mapping[str, object]:
    assert isinstance(value, Mapping)
    return value


def _list(value: object) -> list[str]:
    assert isinstance(value, list)
    return value


if __name__ == "__main__":
    main()
