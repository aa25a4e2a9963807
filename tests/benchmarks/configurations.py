"""Configurations by the thousand, in the styles in which people write them, the same ones every time."""

from __future__ import annotations

import random
from collections.abc import Callable

_HOOK = """
def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)


def worker_int(worker):
    worker.log.info("worker received INT or QUIT signal")
"""
_LOGGING = """
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"generic": {"format": "%(asctime)s [%(process)d] %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "generic"}},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["console"], "propagate": False},
        "gunicorn.access": {"level": "INFO", "handlers": ["console"], "propagate": False},
    },
}
"""


def configurations(number: int, seed: int = 3) -> list[str]:
    """So many texts of gunicorn.conf.py: literals, environment, CPU counts, conditions, hooks; some with mistakes."""
    chance = random.Random(seed)
    return [_one(chance) for _ in range(number)]


def _one(chance: random.Random) -> str:
    return "\n".join(line for line in (_HEAD, *(chance.choice(lines)(chance) for lines in _PARTS)) if line) + "\n"


def _text(text: str) -> Callable[[random.Random], str]:
    return lambda _: text


_HEAD = "# Gunicorn configuration\nimport multiprocessing\nimport os\n"
_CONDITION = """\
if os.environ.get("DEBUG") == "true":
    reload = True
    loglevel = "debug"
else:
    preload_app = True"""
_GLOBALS = """\
for name, value in os.environ.items():
    if name.startswith("GUNICORN_"):
        globals()[name[9:].lower()] = value"""
_PARTS: tuple[tuple[Callable[[random.Random], str], ...], ...] = (
    (
        _text('bind = "0.0.0.0:8000"'),
        lambda chance: f'bind = "127.0.0.1:{chance.randint(5000, 9000)}"',
        _text("bind = f\"0.0.0.0:{os.environ.get('PORT', '8000')}\""),
        _text('bind = "unix:/run/app/gunicorn.sock"'),
        _text('bind = os.getenv("BIND") or "%s:%s" % ("0.0.0.0", 8080)'),
    ),
    (
        lambda chance: f"workers = {chance.randint(1, 16)}",
        _text("workers = multiprocessing.cpu_count() * 2 + 1"),
        _text('workers = int(os.environ.get("WEB_CONCURRENCY", multiprocessing.cpu_count() * 2))'),
        _text("worker = 4"),
        _text("workers = max(2, min(8, os.cpu_count() or 1))"),
    ),
    (
        _text(""),
        lambda chance: f'worker_class = "gthread"\nthreads = {chance.randint(1, 32)}',
        _text('worker_class = "gevent"'),
        _text("threads = 4"),
    ),
    (lambda chance: f"timeout = {chance.choice((0, 30, 60, 120, 3600))}",),
    (
        _text(""),
        _text("max_requests = 1000"),
        _text("max_requests = 1000\nmax_requests_jitter = 100"),
        _text(_CONDITION),
        _text(_GLOBALS),
    ),
    (
        _text(""),
        _text('accesslog = "-"\nerrorlog = "-"'),
        _text('accesslog = "/var/log/app/access.log"'),
        _text(_LOGGING),
    ),
    (_text(""), _text(""), _text(_HOOK)),
)
