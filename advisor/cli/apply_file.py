"""The file that ``apply`` changes: read, changed in memory and judged before it is written, or restored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.cli.files import write_file
from advisor.sizing.compare import Difference
from advisor.sizing.plan import Plan
from gunicorn_conf.assemble import Circumstances
from gunicorn_conf.config import Assigned
from gunicorn_conf.errors import BadInput
from gunicorn_conf.read.conf_py import read_conf
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.release import NEWEST_KNOWN, Release
from gunicorn_conf.value import certain
from gunicorn_conf.write.assign import assign
from gunicorn_conf.write.conf_py import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The file as it is."""

    path: str
    text: str
    assigned: Mapping[str, Assigned]
    release: Release


def read_current(file: Path, plan: Plan) -> Current:
    """The file, read without executing it. Raises BadInput when it cannot be read or changed exactly."""
    try:
        text = file.read_bytes().decode()
    except OSError as error:
        raise BadInput(
            f"{file} cannot be read",
            why=error.strerror or str(error),
            hint="name a gunicorn.conf.py that exists; gcadvise recommend -o writes a new one",
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{file} is left as it is",
            why="it is not UTF-8, so not every byte of it could be kept",
            hint="save it as UTF-8",
        ) from error
    conf, assigned = read_conf(str(file), text)
    if conf.problem is not None:
        raise BadInput(
            f"{file} is left as it is", why=f"it cannot be read: {conf.problem}", hint=f"see gcadvise validate {file}"
        )
    release = NEWEST_KNOWN if plan.host.gunicorn.value is None else Release.parse(plan.host.gunicorn.value)
    return Current(path=str(file), text=text, assigned={one.name: one for one in assigned}, release=release)


def changed(current: Current, chosen: Sequence[Difference], plan: Plan) -> str:
    """The new text. Raises BadInput when it would not say what was meant, or be worse than it was."""
    values = {one.planned.name: one.planned.value for one in chosen if one.current is not None}
    added = [
        Entry(
            name=one.planned.name,
            value=one.planned.value,
            reason=one.planned.reason[:1].upper() + one.planned.reason[1:],
            variable=one.planned.variable,
            only_if_directory=one.planned.name == "worker_tmp_dir",
        )
        for one in chosen
        if one.current is None
    ]
    new = assign(current.text, current.assigned, values, added)
    _, assigned = read_conf(current.path, new)
    now = {one.name: certain(one.value) for one in assigned}
    missed = [name for name, value in values.items() if now.get(name) != (value,)]
    if missed:
        raise _refused(current, f"{', '.join(missed)} would not get its value")
    others = {name for name, one in current.assigned.items() if name not in values}
    shifted = [
        name
        for name in sorted(others)
        if (before := certain(current.assigned[name].value)) is not None and now.get(name) != before
    ]
    if shifted:
        raise _refused(current, f"{', '.join(shifted)} would change too, since it is computed from what was changed")
    _judge(current, new, plan)
    return new


def _judge(current: Current, new: str, plan: Plan) -> None:
    from gunicorn_conf.fix import worse
    from gunicorn_conf.validate import validate

    circumstances = Circumstances(release=current.release, release_source=plan.host.gunicorn.source)
    before, after = (
        validate([SourceFile(path=current.path, text=text, kind="conf")], circumstances) for text in (current.text, new)
    )
    why = worse(before, after)
    if why:
        raise _refused(current, why)


def _refused(current: Current, why: str) -> BadInput:
    return BadInput(
        f"{current.path} is left as it is", why=why, hint="change fewer settings at a time, with --only, or by hand"
    )


def restore(file: Path) -> str:
    """Put the latest backup back; what was done, as a sentence. Raises BadInput when there is none."""
    backups = [path for path in file.parent.glob(f"{file.name}.bak*") if path.is_file()]
    try:
        present = file.read_bytes()
        older = [path for path in backups if path.read_bytes() != present]
        latest = max(older, key=lambda path: path.stat().st_mtime_ns, default=None)
        text = None if latest is None else latest.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be restored", why=str(error), hint="copy the backup by hand") from error
    if latest is None or text is None:
        raise BadInput(
            f"there is no backup of {file}",
            why=f"no {file.name}.bak beside it differs from it",
            hint="gcadvise apply keeps one whenever it changes the file",
        )
    written = write_file(file, text, force=True)
    kept = f"; what it replaced is kept as {written.backup.name}" if written.backup else ""
    return f"Restored {file} from {latest.name}{kept}."
