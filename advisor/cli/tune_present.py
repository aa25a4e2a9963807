"""Tells what the user's present configuration needs before ``tune`` starts it, from its text, without executing it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from advisor.measure.server_spec import ServerSpec
from advisor.units import count, show_bytes
from advisor.workload.cost import MemoryCost
from gunicorn_conf.assemble.circumstances import Circumstances
from gunicorn_conf.assemble.subjects import assemble
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.release import Release

# Gunicorn reads it unasked in the directory where it starts (config.py, get_default_config_file).
_USUAL_CONFIG = "gunicorn.conf.py"
# What the arguments are called for whoever reads them; a file of that name is not looked at.
_COMMAND = "present.sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many workers a configuration starts, and with how many threads each."""

    workers: int
    threads: int


def against_present(
    server: ServerSpec, memory: MemoryCost, *, memory_bytes: int | None, release: Release
) -> str | None:
    """Why the present configuration is not started; None where nothing is against it, or its text does not tell."""
    size = None if memory_bytes is None else read_size(server, release)
    if memory_bytes is None or size is None:
        return None
    needed = memory.total_bytes(size.workers, size.threads)
    if needed <= memory_bytes:
        return None
    threads = "" if size.threads == 1 else f" of {size.threads} threads"
    return (
        f"its {count(size.workers, 'worker')}{threads} would need {show_bytes(needed)}, and "
        f"{show_bytes(memory_bytes)} may be used"
    )


def read_size(server: ServerSpec, release: Release) -> Size | None:
    """What the file and the arguments of a server say of its size; None where that is not certain.

    With preload_app it is not known either: its workers share what the measured ones each have of their own.
    """
    words = ["gunicorn", *server.arguments, *([] if server.app is None else [server.app])]
    files = [SourceFile(path=_COMMAND, text=shlex.join(words) + "\n", kind="shell")]
    config = server.directory / _USUAL_CONFIG if server.config is None else server.config
    if config.is_file():
        try:
            files.append(SourceFile(path=_USUAL_CONFIG, text=config.read_text("utf-8"), kind="conf", is_context=True))
        except (OSError, UnicodeDecodeError):  # Gunicorn will say so
            return None
    circumstances = Circumstances(release=release, environment=server.environment)
    read = [subject.config for subject in assemble(files, circumstances) if subject.command is not None]
    if len(read) != 1 or read[0].get("config") is not None:  # arguments that name another file
        return None
    workers, threads = (read[0].whole_number(name) for name in ("workers", "threads"))
    if workers is None or read[0].known("preload_app") is not False:
        return None
    return Size(workers=workers, threads=threads if threads is not None and read[0].worker_class == "gthread" else 1)
