"""Runs several generators at once, a process each, that begin at the same moment."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess

from advisor.load.connection import Address
from advisor.load.generator import Share, ShareResult
from advisor.load.spec import LoadSpec
from gunicorn_conf.errors import GcadviseError

# An interpreter that starts on a busy machine, imports this package and makes a long schedule.
_START_SECONDS = 60.0
# From the message to the common beginning: enough for every generator to have read it.
_LEAD_SECONDS = 0.05
# Beyond the time for sending and the last timeout: to look for timeouts, and to hand over the samples.
_HAND_OVER_SECONDS = 30.0
_STOP_SECONDS = 2.0


def run_shares(spec: LoadSpec, *, family: int, address: Address) -> list[ShareResult]:
    """Run all generators of a load; Ctrl-C ends them, with their results.

    Raises GcadviseError when a generator's process dies or does not answer.
    """
    with _processes(spec, family, address) as pipes:
        for pipe in pipes:
            _receive(pipe, time.monotonic() + _START_SECONDS)
        begin = time.perf_counter() + _LEAD_SECONDS  # this clock is the same in all processes
        for pipe in pipes:
            pipe.send(begin)
        deadline = time.monotonic() + spec.seconds + spec.timeout_seconds + _HAND_OVER_SECONDS
        try:
            for pipe in pipes:
                pipe.poll(max(deadline - time.monotonic(), 0.0))
        except KeyboardInterrupt:
            for pipe in pipes:
                with contextlib.suppress(OSError):  # it has ended by itself
                    pipe.send("stop")
            deadline = time.monotonic() + _HAND_OVER_SECONDS
        return [_share_of(_receive(pipe, deadline)) for pipe in pipes]


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
def _processes(spec: LoadSpec, family: int, address: Address) -> Iterator[list[Pipe]]:
    # Not forked: this process may have threads, whose locks a copy would inherit.
    context = multiprocessing.get_context("spawn")
    started: list[tuple[BaseProcess, Pipe]] = []
    try:
        for number in range(spec.generators):
            ours, theirs = context.Pipe()
            process: BaseProcess = context.Process(
                target=_generate,
                args=(spec, number, family, address, theirs),
                name=f"load generator {number}",
                daemon=True,
            )
            process.start()
            theirs.close()
            started.append((process, ours))
        yield [pipe for _, pipe in started]
    finally:
        for _, pipe in started:
            pipe.close()  # which also stops a generator that is running
        for process, _ in started:
            process.join(_STOP_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()


def _generate(spec: LoadSpec, number: int, family: int, address: Address, pipe: Pipe) -> None:
    """What a generator's process does; the parent alone hears Ctrl-C, and says stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        share = Share(spec, number=number, family=family, address=address, stop_fd=pipe.fileno())
    except Exception as error:
        pipe.send(error)
        return
    with contextlib.suppress(EOFError, OSError):  # the parent is gone: nobody wants the result
        pipe.send("ready")
        begin = pipe.recv()
        pipe.send(share.run(begin))
