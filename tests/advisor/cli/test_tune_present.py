"""What the text of a present configuration tells of its size, and what that is against starting it."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.cli.tune_present import Size, against_present, read_size
from advisor.measure.server_spec import ServerSpec
from advisor.units import MIB
from advisor.workload.cost import MemoryCost
from gunicorn_conf.release import NEWEST_KNOWN

MEMORY = MemoryCost(arbiter_bytes=20 * MIB, worker_bytes=40 * MIB, thread_bytes=MIB, growth_bytes_per_1000_requests=0)


def server(directory: Path, *arguments: str, conf: str | None = None) -> ServerSpec:
    if conf is not None:
        (directory / "gunicorn.conf.py").write_text(conf)
    return ServerSpec(app="shop:app", chdir=directory, arguments=arguments, environment={"WORKERS": "7"})


@pytest.mark.parametrize(
    ("arguments", "conf", "size"),
    [
        ((), None, Size(workers=1, threads=1)),
        (("-w", "9"), None, Size(workers=9, threads=1)),
        (("--workers=3", "--threads", "4"), None, Size(workers=3, threads=4)),
        (("-k", "gevent", "-w", "2", "--threads", "8"), None, Size(workers=2, threads=1)),
        ((), "workers = 4\nthreads = 2\n", Size(workers=4, threads=2)),
        (("-w", "2"), "workers = 4\nthreads = 2\n", Size(workers=2, threads=2)),
        ((), 'import os\nworkers = int(os.environ["WORKERS"])\n', Size(workers=7, threads=1)),
    ],
)
def test_the_file_and_the_arguments_tell_the_size(
    tmp_path: Path, arguments: tuple[str, ...], conf: str | None, size: Size
) -> None:
    assert read_size(server(tmp_path, *arguments, conf=conf), NEWEST_KNOWN) == size


@pytest.mark.parametrize(
    ("arguments", "conf"),
    [
        ((), "import multiprocessing\nworkers = multiprocessing.cpu_count()\n"),
        (("-w", "9", "--preload"), None),
        (("-w", "9", "-c", "other.py"), None),
    ],
)
def test_what_is_not_certain_is_not_known(tmp_path: Path, arguments: tuple[str, ...], conf: str | None) -> None:
    assert read_size(server(tmp_path, *arguments, conf=conf), NEWEST_KNOWN) is None


def test_a_file_that_was_named_is_read_in_place_of_the_usual_one(tmp_path: Path) -> None:
    named = tmp_path / "production.py"
    named.write_text("workers = 5\n")
    usual = server(tmp_path, conf="workers = 2\n")
    given = ServerSpec(app="shop:app", chdir=tmp_path, config=named, environment={})
    assert read_size(usual, NEWEST_KNOWN) == Size(workers=2, threads=1)
    assert read_size(given, NEWEST_KNOWN) == Size(workers=5, threads=1)


def test_what_needs_more_than_the_memory_is_not_started_and_why_is_said(tmp_path: Path) -> None:
    nine = server(tmp_path, "-w", "9", "--threads", "2")
    assert against_present(nine, MEMORY, memory_bytes=256 * MIB, release=NEWEST_KNOWN) == (
        "its 9 workers of 2 threads would need 398 MiB, and 256 MiB may be used"
    )
    assert against_present(nine, MEMORY, memory_bytes=398 * MIB, release=NEWEST_KNOWN) is None


@pytest.mark.parametrize("memory_bytes", [None, MIB])
def test_where_the_memory_or_the_size_is_unknown_it_is_started(tmp_path: Path, memory_bytes: int | None) -> None:
    unknown = server(tmp_path, "--preload", "-w", "9")
    assert against_present(unknown, MEMORY, memory_bytes=memory_bytes, release=NEWEST_KNOWN) is None
