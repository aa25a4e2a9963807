"""Whenever gcadvise is ended, and however: no process is left, and the port is free."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from advisor.measure.interruption import ending_in_order, undisturbed

LeftBehind = Callable[[], list[str]]
Start = Callable[..., "subprocess.Popen[str]"]

# What a shell sees: 130 for Ctrl-C, 128 + the signal's number for the others; Popen shows a SIGKILL as -9.
_EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGKILL: -9}
# The watchdog's grace and the time to kill, with room for a busy machine.
_GONE_SECONDS = 20.0
_BETWEEN_LOOKS_SECONDS = 0.1


@pytest.fixture
def start(project: Path, environment: dict[str, str]) -> Iterator[Start]:
    """Starts ``gcadvise concurrency``; its progress is on standard error."""
    script = Path(sys.executable).with_name("gcadvise")
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(script), "concurrency", *arguments],
            cwd=project,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def _wait_for(process: subprocess.Popen[str], phase: str) -> None:
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if phase in line:
            return
    pytest.fail("".join(seen))


def _assert_nothing_left(left_behind: LeftBehind, number: signal.Signals, said: str = "") -> None:
    """Nothing may be left when the command has ended; only after SIGKILL the watchdog is still at work."""
    if number is signal.SIGKILL:
        never = threading.Event()
        for _ in range(int(_GONE_SECONDS / _BETWEEN_LOOKS_SECONDS)):
            if not left_behind():
                break
            never.wait(_BETWEEN_LOOKS_SECONDS)
    assert left_behind() == [], said


@pytest.mark.parametrize("number", list(_EXIT_CODES))
@pytest.mark.parametrize("phase", ["starting Gunicorn", "sending"])
def test_ending_the_command_leaves_nothing(
    start: Start, left_behind: LeftBehind, number: signal.Signals, phase: str
) -> None:
    process = start("--app", "shop:hanging", "--requests", "4", "--", "--workers", "2")
    _wait_for(process, phase)
    process.send_signal(number)
    process.wait(_GONE_SECONDS)
    assert process.returncode == _EXIT_CODES[number]
    _assert_nothing_left(left_behind, number)


def test_ending_the_watchdog_ends_the_server(start: Start, left_behind: LeftBehind) -> None:
    process = start("--app", "shop:hanging", "--requests", "2", "--timeout", "60")
    _wait_for(process, "sending")
    children = psutil.Process(process.pid).children(recursive=True)
    watchdog = next(child for child in children if any("watchdog.py" in part for part in child.cmdline()))
    watchdog.kill()
    process.wait(_GONE_SECONDS)
    assert process.returncode == 2  # Gunicorn died
    _assert_nothing_left(left_behind, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ending_the_command_at_any_moment_leaves_nothing(start: Start, left_behind: LeftBehind) -> None:
    # The moments are drawn anew each time on purpose; the seed is in the failure's message.
    seed = random.randrange(10**9)
    draw = random.Random(seed)
    for _ in range(30):
        number = draw.choice(list(_EXIT_CODES))
        process = start("--app", draw.choice(["shop:hanging", "shop:breeding"]), "-n", "9", "--", "-w", "3")
        with_delay = threading.Timer(draw.uniform(0, 1.6), process.send_signal, [number])
        with_delay.start()
        process.wait(_GONE_SECONDS)
        with_delay.cancel()
        _assert_nothing_left(left_behind, number, f"seed {seed}, signal {number.name}")


def test_signals_are_handled_within_the_block_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as raised, ending_in_order():
        signal.raise_signal(signal.SIGTERM)
    assert raised.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def _raise_undisturbed(number: signal.Signals, reached: list[str]) -> None:
    with undisturbed():
        signal.raise_signal(number)
        reached.append("the end")
    reached.append("after it")


def test_a_signal_waits_for_the_end_of_an_undisturbed_block() -> None:
    reached: list[str] = []
    with pytest.raises(SystemExit) as raised, ending_in_order():
        _raise_undisturbed(signal.SIGTERM, reached)
    assert (raised.value.code, reached) == (143, ["the end"])


def test_ctrl_c_waits_for_the_end_of_an_undisturbed_block() -> None:
    reached: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _raise_undisturbed(signal.SIGINT, reached)
    assert reached == ["the end"]


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_in_order():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_the_main_thread_the_block_runs_as_it_is() -> None:
    ran = threading.Event()

    def block() -> None:
        with ending_in_order():
            ran.set()

    thread = threading.Thread(target=block)
    thread.start()
    thread.join()
    assert ran.is_set()
