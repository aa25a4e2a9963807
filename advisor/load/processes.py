"""Runs generators in processes of their own, which begin at the same moment."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import gunicorn_conf
from advisor.load import child
from advisor.load.connection import Address
from advisor.load.generator import ShareResult
from advisor.load.spec import LoadSpec
from gunicorn_conf.errors import GcadviseError

# An interpreter that starts on a busy machine, imports this package and makes a long schedule.
_START_SECONDS = 60.0
# From the message to the common beginning: enough for every generator to have read it.
_LEAD_SECONDS = 0.05
# Beyond the time for sending and the last timeout: to look for timeouts, and to hand over the samples.
_HAND_OVER_SECONDS = 30.0
_STOP_SECONDS = 2.0
# Where the packages are that a generator imports.
_PATHS = sorted({str(Path(file).parents[1]) for file in (gunicorn_conf.__file__, str(Path(__file__).parent))})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """A load that begins: the moment of ``time.perf_counter``, and the generators' process ids.

    ``stop`` ends it early, with a result that is marked as interrupted; it may be called from another thread.
    """

    begin_seconds: float
    generators: tuple[int, ...]
    stop: Callable[[], None]


def run_shares(
    spec: LoadSpec, *, family: int, address: Address, begins: Callable[[UnderWay], None] | None = None
) -> tuple[list[ShareResult], float]:
    """Run all generators of a load; gives their results, and when they began. Ctrl-C ends them, with their results.

    ``begins`` is called shortly before they begin. Raises GcadviseError when a generator's process dies or does not
    answer.
    """
    with _processes(spec, family, address) as generators:
        pipes = [pipe for _, pipe in generators]
        for pipe in pipes:
            _receive(pipe, time.monotonic() + _START_SECONDS)
        begin = time.perf_counter() + _LEAD_SECONDS  # this clock is the same in all processes
        deadline = time.monotonic() + spec.seconds + spec.timeout_seconds + _HAND_OVER_SECONDS
        for pipe in pipes:  # Ctrl-C here has no result to be kept, and who has not begun knows no "stop"
            with contextlib.suppress(OSError):  # it has ended, which is seen when its result is missing
                pipe.send(begin)
        interrupted = False
        try:
            if begins is not None:
                pids = tuple(process.pid for process, _ in generators)
                begins(UnderWay(begin_seconds=begin, generators=pids, stop=lambda: _stop(pipes)))
            for pipe in pipes:
                pipe.poll(max(deadline - time.monotonic(), 0.0))
        except KeyboardInterrupt:
            interrupted = True
            _stop(pipes)
            deadline = time.monotonic() + _HAND_OVER_SECONDS
        shares = [_share_of(_receive(pipe, deadline)) for pipe in pipes]
        # One that had ended by itself knows of no interruption, which must not be lost for that.
        return [replace(share, interrupted=share.interrupted or interrupted) for share in shares], begin


def _stop(pipes: Sequence[Pipe]) -> None:
    for pipe in pipes:
        with contextlib.suppress(OSError):  # it has ended by itself
            pipe.send(child.STOP)


def _share_of(received: object) -> ShareResult:
    assert isinstance(received, ShareResult)
    return received


def _receive(pipe: Pipe, deadline: float) -> object:
    """What a generator sends next. Raises GcadviseError when it does not, and what went wrong there when it says so."""
    try:
        received = pipe.recv() if pipe.poll(max(deadline - time.monotonic(), 0.0)) else None
    except (EOFError, OSError):
        received = None
    if isinstance(received, BaseException):
        raise received
    if received is None:
        raise GcadviseError(
            "a load generator ended or hung",
            why="its process handed over no samples",
            hint="look for a lack of memory (dmesg), or use fewer generators",
        )
    return received


@contextlib.contextmanager
def _processes(spec: LoadSpec, family: int, address: Address) -> Iterator[list[tuple[subprocess.Popen[bytes], Pipe]]]:
    """Start the generators; whatever happens, none is left after the block."""
    started: list[tuple[subprocess.Popen[bytes], Pipe]] = []
    try:
        for number in range(spec.generators):
            ours, theirs = socket.socketpair()
            with theirs:
                pipe = Pipe(ours.detach())
                # Not multiprocessing's own start, which imports the calling program anew: gcadvise's takes 0.2 s.
                process = subprocess.Popen(
                    [sys.executable, "-I", "-S", child.__file__, str(theirs.fileno()), *_PATHS],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C in the terminal reaches gcadvise alone, which says stop
                )
            started.append((process, pipe))
            with contextlib.suppress(OSError):  # it ended at once, which is seen when it should be ready
                pipe.send(child.Task(spec=spec, number=number, family=family, address=address))
        yield started
    finally:
        for _, pipe in started:
            pipe.close()  # which also stops a generator that is running
        for process, _ in started:
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
