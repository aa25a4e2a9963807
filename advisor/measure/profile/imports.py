"""Imports an app's module in a process of its own, to see how long it takes and what of it costs most."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from advisor.measure.profile.result import ImportCost, Imports
from advisor.measure.profile.watched import watched
from advisor.measure.server_spec import SAMPLE_APP, ServerSpec, sample_app_directory

# Python's own fault handler says where an import stands that takes longer, and ends it.
IMPORT_SECONDS = 30.0
# For what happens around it: starting the interpreter, reading from a slow disk.
_MARGIN_SECONDS = 10.0
_DEAREST = 5
# So much of the output is read: 3,000 modules of 100 characters, ten times over.
_MOST_OUTPUT_BYTES = 4_000_000

# No program ends with this code by itself (sysexits.h uses 64 to 78, shells 126 and above): the import came to its end.
_IMPORTED = 93
_BEGIN = "gcadvise: the import begins"
_END = "gcadvise: imported in "
_PROGRAM = f"""
import faulthandler, os, sys, time
faulthandler.dump_traceback_later(float(sys.argv[2]), exit=True)
error, loaded, began = sys.stderr, len(sys.modules), time.perf_counter()
error.write("{_BEGIN}\\n")
error.flush()
__import__(sys.argv[1])  # importlib's own functions are not in the times
took = time.perf_counter() - began
error.write("\\n{_END}%.6f s, %d modules\\n" % (took, len(sys.modules) - loaded))
error.flush()
os._exit({_IMPORTED})
"""
_LINE = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)$", re.MULTILINE)
_RESULT = re.compile(rf"^{_END}([\d.]+) s, (\d+) modules$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRun:
    """How an import ended: ``imports`` when it came to its end, else the exit code and what was printed."""

    imports: Imports | None
    exit_code: int
    output: str
    """What it printed on either stream, without the times of the modules."""
    timed_out: bool


def import_app(spec: ServerSpec, app: str, *, seconds: float = IMPORT_SECONDS) -> ImportRun | None:
    """Import the module of ``module:variable`` as the server does; None when the Python cannot be run.

    All that it starts ends with it.
    """
    python = shutil.which(spec.python)
    if python is None or not spec.directory.is_dir():
        return None
    environment = dict(spec.environment)
    if app == SAMPLE_APP:
        path = [str(sample_app_directory().parent), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    command = [python, "-X", "importtime", "-c", _PROGRAM, app.partition(":")[0], str(seconds)]
    with tempfile.TemporaryFile() as output:
        exit_code = _run(command, spec.directory, environment, output, seconds + _MARGIN_SECONDS)
        output.seek(0)
        text = output.read(_MOST_OUTPUT_BYTES).decode(errors="replace")
    return read_import(text, exit_code)


def read_import(text: str, exit_code: int) -> ImportRun:
    """What the output and the exit code of such a process tell."""
    result = _RESULT.search(text)
    rest = "\n".join(line for line in text.splitlines() if line and not line.startswith(("import time:", "gcadvise:")))
    imports = None
    if result is not None and exit_code == _IMPORTED:
        imports = Imports(seconds=float(result[1]), modules=int(result[2]), dearest=_dearest(text.partition(_BEGIN)[2]))
    return ImportRun(imports=imports, exit_code=exit_code, output=rest, timed_out=rest.startswith("Timeout ("))


def _dearest(text: str) -> tuple[ImportCost, ...]:
    """The packages whose modules took most, each module without those that it imports."""
    seconds: dict[str, float] = defaultdict(float)
    modules: dict[str, int] = defaultdict(int)
    for microseconds, name in _LINE.findall(text):
        package = name.partition(".")[0]
        seconds[package] += int(microseconds) / 1_000_000
        modules[package] += 1
    found = sorted(seconds, key=lambda package: -seconds[package])[:_DEAREST]
    return tuple(ImportCost(package=name, seconds=seconds[name], modules=modules[name]) for name in found)


def _run(command: list[str], directory: Path, environment: dict[str, str], output: IO[bytes], seconds: float) -> int:
    """Run it, and end all that it started; its exit code."""
    with (
        watched(command, directory=directory, environment=environment, output=output) as process,
        contextlib.suppress(subprocess.TimeoutExpired),
    ):
        process.wait(seconds)
    return process.returncode
