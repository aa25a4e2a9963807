"""Watches over one Gunicorn for a measurement, and ends all that descends from it when gcadvise ends.

A script of its own, run by gcadvise's Python with nothing but the standard library::

    python -I -S watchdog.py LIFELINE_FD COMMAND...

Its child becomes COMMAND. The lifeline is a pipe that gcadvise holds open: once it is closed, whatever the reason,
even a SIGKILL, the child gets SIGTERM, a short grace, and then everything below this process is killed, orphans
included. The exit code is the child's. Whatever else this process inherited it keeps open until then, so that the end
of the events' pipe tells gcadvise that nothing is left.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Iterator

# How long Gunicorn may take to end by itself, before it is killed: its workers end within about 0.1 s when idle;
# those that still serve a request would take up to graceful_timeout, which nobody waits for here.
GRACE_SECONDS = 1.0
# A killed process is gone within milliseconds; one that the kernel holds (disk, ptrace) is not worth more than this.
KILL_SECONDS = 3.0
_BETWEEN_KILLS_SECONDS = 0.005

# <linux/prctl.h>
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

# What a shell reports: a command that cannot be run, and one that a signal ended.
CANNOT_RUN = 127
SIGNAL_EXIT_BASE = 128

_HANDLED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Start the command below this process and watch over it."""
    lifeline, command = int(arguments[0]), arguments[1:]
    os.set_inheritable(lifeline, False)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    wake, alarm = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
    for number in _HANDLED:
        signal.signal(number, lambda *_: None)
    watchdog = os.getpid()
    child = os.fork()
    if child == 0:
        _become(command, watchdog)
    return _watch(child, lifeline, wake)


def _become(command: list[str], watchdog: int) -> None:
    """Turn the forked child into the command; does not return."""
    try:
        signal.set_wakeup_fd(-1)
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == watchdog:  # else it ended before the kernel was asked
            os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]} cannot be run: {error.strerror}", file=sys.stderr, flush=True)
    finally:
        os._exit(CANNOT_RUN)


def _watch(child: int, lifeline: int, wake: int) -> int:
    """Wait until the child ends, or must end; then end all that descends from it. Returns the child's exit code."""
    status = None
    while status is None:
        ready, _, _ = select.select([lifeline, wake], [], [])
        signals = set(os.read(wake, 512)) if wake in ready else set()
        status = _reap(child, status)
        if lifeline in ready or signals - {signal.SIGCHLD}:
            break
    if status is None:
        os.kill(child, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while status is None and (left := deadline - time.monotonic()) > 0:
            if select.select([wake], [], [], left)[0]:
                os.read(wake, 512)
            status = _reap(child, status)
    deadline = time.monotonic() + KILL_SECONDS
    while _kill_descendants(child) and time.monotonic() < deadline:
        status = _reap(child, status)
        time.sleep(_BETWEEN_KILLS_SECONDS)
    status = _reap(child, status)
    if status is None:
        return 1
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else SIGNAL_EXIT_BASE + os.WTERMSIG(status)


def _reap(child: int, status: int | None) -> int | None:
    """Collect ended children, orphans included; returns the child's wait status once it has one."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, ended = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == child:
                status = ended
    return status


def _kill_descendants(child: int) -> bool:
    """Kill every process below this one; returns whether there was any.

    Without /proc, the child's process group stands for them.
    """
    try:
        parents = dict(_parents())
    except OSError:
        try:
            os.killpg(child, signal.SIGKILL)
        except OSError:
            return False
        return True
    family: set[int] = set()
    generation = {os.getpid()}
    while generation:
        generation = {pid for pid, parent in parents.items() if parent in generation} - family
        family |= generation
    for pid in family:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return bool(family)


def _parents() -> Iterator[tuple[int, int]]:
    """Each process of the machine with its parent; raises OSError where there is no /proc."""
    with os.scandir("/proc") as entries:
        numbers = [int(entry.name) for entry in entries if entry.name.isdigit()]
    if os.getpid() not in numbers:
        raise OSError("/proc is not mounted")
    for number in numbers:
        with contextlib.suppress(OSError), open(f"/proc/{number}/stat", "rb") as file:
            # the name in parentheses may hold anything, so the fields are counted after the last one
            yield number, int(file.read().rpartition(b")")[2].split()[1])


def _prctl(option: int, value: int) -> None:
    """Ask the Linux kernel for something; does nothing elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
