"""Runs one short process of the user's below the watchdog: all that it started ends with it, and with gcadvise."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from advisor.measure.interruption import undisturbed

# The watchdog gives the process 1 s to end and the kernel up to 3 s; after that only the kernel itself holds it.
_STOP_SECONDS = 6.0
_WATCHDOG = Path(__file__).parent.parent / "watchdog.py"


@contextlib.contextmanager
def watched(
    command: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    output: IO[bytes] | int = subprocess.DEVNULL,
    files: tuple[int, ...] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """Start it for the length of the block; its exit code is that of the process that is given.

    ``output`` gets what it prints on either stream, ``files`` are descriptors that it inherits. Raises OSError when it
    cannot be started, ValueError for what no command can hold.
    """
    theirs, ours = os.pipe()
    process: subprocess.Popen[bytes] | None = None
    try:
        try:
            with undisturbed():
                process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(_WATCHDOG), str(theirs), *command],
                    cwd=directory,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=(theirs, *files),
                    start_new_session=True,
                )
        finally:
            os.close(theirs)
        yield process
    finally:
        with undisturbed():
            os.close(ours)  # at which the watchdog ends everything
            if process is not None:
                try:
                    process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
