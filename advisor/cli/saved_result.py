"""The file of ``--save``: there from the first moment on, written anew after each step, and never half."""

from __future__ import annotations

import json
from pathlib import Path

from advisor.cli.files import check_writable, write_file
from gunicorn_conf.errors import BadInput

# An answer begins with its schema; a foreign file is not read any further than this.
_HEAD_BYTES = 300


class SavedResult:
    """One result of a command at one path; made before anything is measured.

    An earlier result of the same command is replaced. Raises BadInput when it cannot be written there, or when the file
    is anything else and ``force`` is not given; with ``force`` such a file is kept beside it.
    """

    def __init__(self, path: Path, *, command: str, force: bool) -> None:
        self.path = path
        self._foreign = False
        check_writable(path)
        if path.exists() and not _is_result(path, command):
            if not force:
                raise BadInput(
                    f"{path} exists and is left as it is",
                    why=f"it is no result of gcadvise {command}",
                    hint="add --force to replace it (a backup is kept beside it), or name another file",
                )
            self._foreign = True

    def write(self, text: str) -> None:
        """Put the result so far into the file, in one step. Raises BadInput when it cannot be written."""
        write_file(self.path, text, force=True, keep=self._foreign)
        self._foreign = False


def _is_result(path: Path, command: str) -> bool:
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD_BYTES).decode(errors="replace")
    except OSError:
        return False
    start = json.dumps({"schema": f"gcadvise.{command}/"})[1:-2]
    return head.lstrip().startswith("{") and start in head
