"""Writes startup files, all or none, and says what ``validate`` finds in them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import typer

from advisor.cli.files import write_file
from advisor.host.host import Host
from gunicorn_conf.errors import BadInput
from gunicorn_conf.release import Release
from gunicorn_conf.write.startup import Startup
from gunicorn_conf.write.startups.registry import place_of


def write_files(made: Startup, directory: Path, *, force: bool) -> tuple[str, ...]:
    """Put the files, and the fragments that are files of their own, into a directory; their relative paths.

    Raises BadInput before anything is written when one exists with other content and is not to be replaced.
    """
    texts = [(file.path, file.text, file.executable) for file in made.files]
    texts += [(one.file_name, one.text, False) for one in made.fragments if one.file_name is not None]
    paths = [_inside(directory, relative) for relative, _, _ in texts]
    if not force:
        _refuse_others(list(zip(paths, (text for _, text, _ in texts), strict=True)))
    for path, (_, text, executable) in zip(paths, texts, strict=True):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            written = write_file(path, text, force=force)
            if executable:
                mode = path.stat().st_mode
                path.chmod(mode | (mode & 0o444) >> 2)  # who may read it may run it
        except OSError as error:
            raise BadInput(
                f"{path} cannot be written",
                why=error.strerror or str(error),
                hint="name a directory that you may write to",
            ) from error
        kept = f"; the former file is kept as {written.backup.name}" if written.backup else ""
        typer.echo(f"Wrote {path}{kept}." if written.changed else f"{path} is already so; nothing written.", err=True)
    return tuple(relative for relative, _, _ in texts)


def findings(made: Startup, platform: str, release: Release, host: Host) -> tuple[str, ...]:
    """What ``gcadvise validate`` finds in the files, a sentence each; nothing in what was recommended."""
    from gunicorn_conf.assemble import Circumstances
    from gunicorn_conf.read.files import SourceFile
    from gunicorn_conf.rules.subject import Deployment
    from gunicorn_conf.validate import validate

    files = [SourceFile(path=file.path, text=file.text) for file in made.files]
    where = Deployment(
        platform=place_of(platform),
        cpus=host.cpus.value,
        memory_bytes=host.memory_bytes.value,
        stop_window_seconds=made.stop_window_seconds,
        sources={} if made.stop_window_seconds is None else {"stop_window_seconds": "as written here"},
    )
    result = validate(files, Circumstances(release=release, deployment=where))
    return tuple(
        f"{one.problem.place.path}: {one.problem.message} ({one.code}; gcadvise rule {one.code} explains it)."
        for one in result.findings
    )


def _inside(directory: Path, relative: str) -> Path:
    """The path of a file in the directory. Raises ValueError for one that would lie elsewhere: a defect."""
    parts = PurePosixPath(relative)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise ValueError(f"{relative!r} does not lie in the directory")
    return directory.joinpath(*parts.parts)


def _refuse_others(files: list[tuple[Path, str]]) -> None:
    others = []
    for path, text in files:
        try:
            if path.read_bytes() != text.encode():
                others.append(path.name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise BadInput(
                f"{path} cannot be read", why=error.strerror or str(error), hint="name another directory with -o"
            ) from error
    if others:
        named = ", ".join(others)
        raise BadInput(
            f"{named} in {files[0][0].parent} {'exists' if len(others) == 1 else 'exist'}; nothing was written",
            why="the content differs from what would be written",
            hint="add --force to replace (a backup is kept beside each), or name another directory",
        )
