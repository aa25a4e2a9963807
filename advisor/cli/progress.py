"""What a long command says on standard error while it works."""

from __future__ import annotations

import typer


def progress(line: str) -> None:
    """One line a phase, on standard error, so that standard output stays the answer alone."""
    typer.echo(line, err=True)
