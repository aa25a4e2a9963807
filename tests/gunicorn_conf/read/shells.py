"""Shell text to commands, for the tests beside."""

from __future__ import annotations

from collections.abc import Mapping

from gunicorn_conf.read.launch import Setting, run_shell
from gunicorn_conf.read.text import Text
from gunicorn_conf.release import NEWEST_KNOWN
from gunicorn_conf.rules.subject import Command
from gunicorn_conf.value import Known


def commands(
    script: str,
    given: Mapping[str, str] | None = None,
    *,
    shell: str = "sh",
    is_script: bool = True,
    scripts: Mapping[str, str] | None = None,
) -> list[Command]:
    def find(path: str, directory: str | None) -> Text | None:
        text = (scripts or {}).get(path)
        return Text(text, path) if text is not None else None

    setting = Setting(file_kind="shell", release=NEWEST_KNOWN, given=given or {}, shell=shell, script=find)
    return run_shell(Text(script, "start.sh"), setting, is_script=is_script)


def command(script: str, given: Mapping[str, str] | None = None, **more: str) -> Command:
    (found,) = commands(script, given, **more)  # type: ignore[arg-type]
    return found


def values(script: str, given: Mapping[str, str] | None = None) -> dict[str, object]:
    """The settings of the one command, by name; those that are not known exactly as they are."""
    assigned = command(script, given).assigned
    return {one.name: one.value.value if isinstance(one.value, Known) else one.value for one in assigned}
