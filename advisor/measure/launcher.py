"""Runs Gunicorn with what a measurement needs, and reports what happens to it.

A script of its own: it is run by the Python that serves the app, in which gcadvise need not be installed
(Python 3.7 and later, Gunicorn 20.1 to 27)::

    PYTHON launcher.py EVENTS_FD COUNTERS_FD CPUS DEFAULT_APP DEFAULT_APP_DIRECTORY GUNICORN-ARGUMENTS...

DEFAULT_APP (such as ``sample_app:app``) is served when neither the arguments nor the configuration name an app; its
package is loaded from DEFAULT_APP_DIRECTORY. Events are lines of JSON in a pipe; times are CLOCK_MONOTONIC seconds,
which all processes of a machine share. COUNTERS_FD is memory in which every worker counts its requests.

CPUS (such as ``0,1``; ``-`` for all) are those that Gunicorn and its workers may run on. They are set once the
configuration has been read, so that ``workers = len(os.sched_getaffinity(0))`` in it is what it would be without a
measurement; os.cpu_count() does not depend on them at all. An app that asks for the affinity itself sees them.
"""

# It must run in old Pythons and start fast, so it does without pathlib, contextlib and what they cost.
# ruff: noqa: PTH100, PTH118, PTH120, SIM105, UP031

from __future__ import annotations

import ctypes
import importlib.util
import json
import mmap
import os
import signal
import socket
import sys
import time
from _thread import allocate_lock  # before gevent replaces it: a worker's count needs a lock among its real threads
from typing import Any, Callable, Iterator  # noqa: UP035  # Python 3.7 has no collections.abc.Callable[...]

# Requests carry their number in this header, so that the worker can report which one it serves.
NUMBER_VARIABLE = "HTTP_X_GCADVISE_REQUEST"
# A request with this header is answered by the launcher, after holding its thread for so many seconds.
HOLD_VARIABLE = "HTTP_X_GCADVISE_HOLD"
LONGEST_HOLD_SECONDS = 1.0

# <linux/prctl.h>
PR_SET_PDEATHSIG = 1

# Worker classes that call ``worker.wsgi`` with a WSGI environ, by the name of the class or of one of its bases;
# gevent's and eventlet's derive from AsyncWorker. Others (ASGI, unknown) are left alone.
WSGI_WORKERS = {"SyncWorker", "ThreadWorker", "AsyncWorker"}
# What a worker class is, by its own name or the nearest base's; a class of the user's is what it derives from.
KINDS = {
    "ThreadWorker": "gthread",
    "SyncWorker": "sync",
    "GeventWorker": "gevent",
    "EventletWorker": "eventlet",
    "TornadoWorker": "tornado",
    "ASGIWorker": "asgi",
    "UvicornWorker": "uvicorn",
}

# Settings that would keep a measurement from being seen, or make it write into the logs and statistics of production.
OVERRIDES = {
    "daemon": False,
    "pidfile": None,
    "reload": False,
    "spew": False,
    "check_config": False,
    "print_config": False,
    "capture_output": False,
    "errorlog": "-",
    "syslog": False,
    "statsd_host": None,
    "control_socket_disable": True,
    "protocol": "http",
    "proxy_protocol": False,
}


def die_with(parent: int) -> None:
    """End this process when its parent, whose id is given, ends; Linux alone can do it."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel was asked
        os._exit(1)


class Reporter:
    """Writes events into the pipe; one that cannot be written is dropped, since then nobody listens."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __call__(self, event: str, **fields: object) -> None:
        """Report one event; shorter than PIPE_BUF, so lines of several processes do not mix."""
        line = json.dumps(dict(fields, event=event)) + "\n"
        try:
            os.write(self.descriptor, line.encode())
        except OSError:
            pass


class Counters:
    """Memory that arbiter and workers inherit, and gcadvise reads: how many requests each worker has begun.

    Workers take places in the order of their age, which Gunicorn counts; when there are no more, the first again.
    """

    def __init__(self, descriptor: int) -> None:
        self.memory = memoryview(mmap.mmap(descriptor, 0)).cast("Q")
        os.close(descriptor)

    def of_worker(self, age: int) -> memoryview:
        """The place of this process, at 0: the process id, and the requests."""
        first = 2 * (age - 1) % len(self.memory)
        place = self.memory[first : first + 2]
        place[0], place[1] = os.getpid(), 0
        return place


class Counted:
    """ASGI middleware that counts the requests that this worker has begun."""

    def __init__(self, app: Callable[..., Any], place: memoryview) -> None:
        self.app = app
        self.place = place

    def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        """Serve one request; what is awaited is the app's own."""
        if scope["type"] == "http":
            self.place[1] += 1
        return self.app(scope, receive, send)


class Observed:
    """WSGI middleware that counts requests, and reports when this worker starts and finishes each numbered one."""

    def __init__(self, app: Callable[..., Any], report: Reporter, place: memoryview) -> None:
        self.app = app
        self.report = report
        self.place = place
        self.lock = allocate_lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Serve one request; unnumbered ones are counted and pass through untouched."""
        hold = environ.get(HOLD_VARIABLE)
        if hold is not None:
            time.sleep(min(float(hold), LONGEST_HOLD_SECONDS))
            body = str(os.getpid()).encode()
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
            return [body]
        with self.lock:
            self.place[1] += 1
        number = environ.get(NUMBER_VARIABLE)
        if number is None:
            return self.app(environ, start_response)
        self.report("started", request=int(number), pid=os.getpid(), at=time.monotonic())
        try:
            body = self.app(environ, start_response)
        except BaseException:
            self._finished(number)
            raise
        if isinstance(body, environ.get("wsgi.file_wrapper", ())):
            # Gunicorn sends it with sendfile() if it sees this very type, so only its close() is replaced.
            close = getattr(body, "close", None)
            body.close = lambda: self._close(close, number)
            return body
        kind = SizedObservedBody if hasattr(body, "__len__") else ObservedBody
        return kind(body, lambda: self._finished(number))

    def _close(self, close: Callable[[], None] | None, number: str) -> None:
        try:
            if close is not None:
                close()
        finally:
            self._finished(number)

    def _finished(self, number: str) -> None:
        self.report("finished", request=int(number), pid=os.getpid(), at=time.monotonic())


class ObservedBody:
    """A response's body that calls back once it has been sent and closed."""

    def __init__(self, body: Any, finished: Callable[[], None]) -> None:
        self.body = body
        self.finished = finished

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.body)

    def close(self) -> None:
        """Close the app's body, then report."""
        try:
            if hasattr(self.body, "close"):
                self.body.close()
        finally:
            self.finished()


class SizedObservedBody(ObservedBody):
    """An observed body whose number of parts is known; servers derive Content-Length from a single part."""

    def __len__(self) -> int:
        return len(self.body)


def run_gunicorn(
    report: Reporter, counters: Counters, cpus: str, default_app: str, default_directory: str, arguments: list[str]
) -> None:
    """Become Gunicorn, with the settings that a measurement needs; does not return."""
    from gunicorn import __version__  # type: ignore[import-untyped]
    from gunicorn.app.base import Application  # type: ignore[import-untyped]
    from gunicorn.app.wsgiapp import WSGIApplication  # type: ignore[import-untyped]

    class MeasuredApplication(WSGIApplication):  # type: ignore[misc]
        """Gunicorn's own application; reads files, environment and flags exactly as Gunicorn does."""

        config_file: str | None = None
        app_uri: str | None

        def load_config_from_file(self, filename: str) -> Any:
            self.config_file = filename
            return super().load_config_from_file(filename)

        def load_config(self) -> None:
            Application.load_config(self)
            self.app_uri = self.app_uri or self.cfg.wsgi_app
            if self.app_uri is None and self.cfg.paste is None:
                self.app_uri = default_app
                sys.meta_path.insert(0, finder)  # before a package of the user's that has the same name
            self.reserved = override(self.cfg)
            observe(self.cfg, report, counters)

    sys.argv = ["gunicorn", *arguments]
    finder = DefaultAppFinder(default_app.split(":")[0], default_directory)
    sys.meta_path.append(finder)
    application = MeasuredApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn")
    cfg = application.cfg
    report(
        "settings",
        gunicorn=__version__,
        python="%d.%d.%d" % sys.version_info[:3],
        app=application.app_uri or "",
        config_file=application.config_file,
        workers=cfg.workers,
        threads=cfg.threads,
        worker_class=kind_of(cfg),
        worker_connections=cfg.worker_connections,
        keepalive=cfg.keepalive,
        timeout=cfg.timeout,
    )
    if cpus != "-":
        os.sched_setaffinity(0, map(int, cpus.split(",")))
    application.run()


class DefaultAppFinder:
    """Finds one package in its directory, without putting anything else there on the import path."""

    def __init__(self, name: str, directory: str) -> None:
        self.name = name
        self.directory = directory

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Any:
        """The package's spec, when it is the one that is asked for."""
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(
            name, os.path.join(self.directory, "__init__.py"), submodule_search_locations=[self.directory]
        )


def kind_of(cfg: Any) -> str:
    """Which of the known worker classes runs; its own name where it is none of them."""
    try:
        bases = cfg.worker_class.__mro__
    except Exception:  # it cannot be imported; Gunicorn will say so itself
        return str(cfg.worker_class_str)
    return next((KINDS[base.__name__] for base in bases if base.__name__ in KINDS), bases[0].__name__)


def takes_wsgi(worker: Any) -> bool:
    """Whether the worker calls ``worker.wsgi`` as a WSGI app."""
    bases = {base.__name__ for base in type(worker).__mro__}
    if "TornadoWorker" in bases:  # it serves Tornado's own applications too
        return not any(base.__module__.startswith("tornado.") for base in type(worker.wsgi).__mro__)
    return bool(bases & WSGI_WORKERS)


def is_asgi(worker: Any) -> bool:
    """Whether the worker is Gunicorn's own for ASGI, which calls ``worker.asgi``."""
    return any(base.__name__ == "ASGIWorker" for base in type(worker).__mro__) and hasattr(worker, "asgi")


def override(cfg: Any) -> socket.socket | None:
    """Set what a measurement needs; returns a socket that must stay open, or None."""
    for name, value in OVERRIDES.items():
        if name in cfg.settings:
            cfg.set(name, value)
    if cfg.accesslog is not None:
        cfg.set("accesslog", "-")  # it costs what it costs, but the user's file stays as it is
    if not cfg.reuse_port:
        cfg.set("bind", "127.0.0.1:0")
        return None
    # Each worker opens a listener of its own (Gunicorn 27), so port 0 would give each a different one: this socket
    # claims a port for all of them, and never listens itself.
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reserved.bind(("127.0.0.1", 0))
    cfg.set("bind", "127.0.0.1:%d" % reserved.getsockname()[1])
    return reserved


def observe(cfg: Any, report: Reporter, counters: Counters) -> None:
    """Put the reporting hooks before the user's own."""
    users = {name: cfg.settings[name].get() for name in ("when_ready", "post_fork", "post_worker_init", "child_exit")}

    def when_ready(server: Any) -> None:
        port = server.LISTENERS[0].getsockname()[1] if server.LISTENERS else cfg.address[0][1]
        report("ready", scheme="https" if cfg.is_ssl else "http", port=port, pid=os.getpid())
        users["when_ready"](server)

    def post_fork(server: Any, worker: Any) -> None:
        die_with(server.pid)
        users["post_fork"](server, worker)

    def post_worker_init(worker: Any) -> None:
        users["post_worker_init"](worker)
        die_with(worker.ppid)  # again: the kernel forgets it when the worker changes its user
        observed = takes_wsgi(worker)
        counted = observed or is_asgi(worker)
        if observed:
            worker.wsgi = Observed(worker.wsgi, report, counters.of_worker(worker.age))
        elif counted:
            worker.asgi = Counted(worker.asgi, counters.of_worker(worker.age))
        report("booted", pid=os.getpid(), observed=observed, counted=counted)

    def child_exit(server: Any, worker: Any) -> None:
        report("exited", pid=worker.pid)
        users["child_exit"](server, worker)

    cfg.set("when_ready", when_ready)
    cfg.set("post_fork", post_fork)
    cfg.set("post_worker_init", post_worker_init)
    cfg.set("child_exit", child_exit)


def main(arguments: list[str]) -> None:
    """Become Gunicorn."""
    events, counters = int(arguments[0]), int(arguments[1])
    os.set_inheritable(events, False)
    if sys.path and os.path.abspath(sys.path[0]) == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]  # the app must not find the launcher's neighbours
    for name in ("LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET", "GUNICORN_FD", "GUNICORN_PID"):
        os.environ.pop(name, None)  # a socket or a promise that belongs to somebody else
    run_gunicorn(Reporter(events), Counters(counters), arguments[2], arguments[3], arguments[4], arguments[5:])


if __name__ == "__main__":
    main(sys.argv[1:])
