"""Rules on ``preload_app``: what goes wrong when the app is imported before the workers are forked."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gunicorn_conf.place import Place
from gunicorn_conf.rules.certainty import depends_on
from gunicorn_conf.rules.finding import Confidence, Edit, Fix, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import ConfFile, Subject
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind

# What makes blocking calls give way to other greenlets: gevent.monkey's and eventlet's functions.
_PATCHES = frozenset({"patch_all", "monkey_patch", "patch_socket"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
# Their clients run threads or hold state of the process, which a fork loses or doubles; their documents say so.
_BREAKS_WITH_FORK = (
    "apscheduler",
    "cassandra-driver",
    "confluent-kafka",
    "flask-apscheduler",
    "flask-pymongo",
    "grpcio",
    "kafka-python",
    "mongoengine",
    "pymongo",
)
# A connection that is already open is shared after a fork: two workers then read each other's answers.
_CONNECTS = (
    "asyncpg",
    "flask-sqlalchemy",
    "mysqlclient",
    "pika",
    "psycopg",
    "psycopg-pool",
    "psycopg2",
    "psycopg2-binary",
    "pymysql",
    "sqlalchemy",
)


@depends_on("preload_app", "reload", unsure=Severity.WARNING)
def preload_and_reload(subject: Subject) -> Iterator[Problem]:
    """Code is to be reloaded when it changes, but workers are copies of a process that has already imported it.

    With ``preload_app`` the app is imported once, before the fork. ``reload`` replaces the workers when a file changes,
    and the new ones have the old code: the log says "Worker reloading", and nothing changes.

    Mend it by turning ``preload_app`` off where you develop, and ``reload`` where you do not.

    Example::

        preload_app = True
        reload = True                  # before: edits never show
        reload = False                 # after

    Ignore it when ``reload`` only watches files that the app reads again for each request.
    """
    if subject.config.known("preload_app") is not True or subject.config.known("reload") is not True:
        return
    yield Problem(
        message="reload has no effect with preload_app: new workers are copies of the process that imported the "
        "old code",
        place=place_of(subject, "reload"),
        help="turn one of the two off",
        setting="reload",
    )


@depends_on("preload_app")
def preload_and_hup(subject: Subject) -> Iterator[Problem]:
    """A reload of the service does not bring new code.

    ``systemctl reload`` usually sends SIGHUP, with which Gunicorn reads its configuration again and replaces the
    workers. With ``preload_app`` they get the app that the arbiter imported when it was started.

    Mend it by deploying new code with a restart, or with SIGUSR2.

    Example::

        preload_app = True             # with ExecReload=/bin/kill -s HUP $MAINPID
        systemctl reload shop          # before: the old code goes on
        systemctl restart shop         # after

    Ignore it when reloads are only for the configuration.
    """
    if subject.config.known("preload_app") is not True:
        return
    if not (subject.deployment.supervisor or "").startswith("systemd"):
        return
    yield Problem(
        message="with preload_app a reload (SIGHUP) keeps the old code: only a restart imports the app again",
        place=place_of(subject, "preload_app"),
        help="deploy with a restart, or send SIGUSR2",
        setting="preload_app",
    )


@depends_on("preload_app")
def preload_shares_connections(subject: Subject) -> Iterator[Problem]:
    """The app is imported before the fork and uses a library whose connections or threads do not survive one.

    A connection that is open when Gunicorn forks is shared by all workers, which read each other's answers ("bad record
    mac", "lost synchronization with server"). Threads that were started at import do not exist in any worker.

    Mend it by opening connections when they are first used, or by closing them in ``post_fork``.

    Example::

        preload_app = True             # before, with an SQLAlchemy engine that has been used at import

        def post_fork(server, worker): # after
            from shop.database import engine
            engine.dispose(close=False)

    Ignore it when the app opens nothing while it is imported. A file with a ``post_fork`` is not reported.
    """
    if subject.config.known("preload_app") is not True or subject.requirements is None:
        return
    if subject.conf is not None and (subject.conf.function("post_fork") or subject.conf.name("post_fork")):
        return
    packages = subject.requirements.packages
    breaks = [name for name in _BREAKS_WITH_FORK if name in packages]
    connects = [name for name in _CONNECTS if name in packages]
    found = breaks or connects
    if not found:
        return
    what = "threads and connections that" if breaks else "connections that"
    yield Problem(
        message=f"with preload_app and no post_fork, {what} {_listed(found)} opens while the app is imported do not "
        "survive the fork",
        place=place_of(subject, "preload_app"),
        help="open them on first use, or close and open them in post_fork",
        setting="preload_app",
        severity=None if breaks else Severity.INFO,
    )


def _listed(names: list[str]) -> str:
    return " or ".join(names) if len(names) < 3 else f"{', '.join(names[:2])} or another"


@depends_on("preload_app", "worker_class")
def preload_before_patch(subject: Subject) -> Iterator[Problem]:
    """The app is imported before gevent has patched the standard library.

    The gevent worker patches blocking calls when a worker starts. With ``preload_app`` the app was imported long before
    in the arbiter: what it took by name, such as ``from time import sleep``, and what it built, such as locks and
    connections, stays blocking. Three requests of 2 s to one worker take 6.0 s and not 2.1 s, and nothing warns.

    Mend it by patching at the top of the configuration file, which is read first, or without ``preload_app``.

    Example::

        worker_class = "gevent"
        preload_app = True             # before

        from gevent import monkey      # after, as the first lines of the file
        monkey.patch_all()

    Ignore it when the app's own module patches before it imports anything else.
    """
    if subject.config.known("preload_app") is not True or worker_kind(subject.config) is not WorkerKind.GREENLETS:
        return
    conf = subject.conf
    if conf is not None and (conf.tree is None or _patches(conf.tree)):
        return
    name = subject.config.worker_class
    yield Problem(
        message=f"with preload_app the app is imported before the {name} worker patches blocking calls, which "
        "then block "
        "all requests of a worker",
        place=place_of(subject, "preload_app"),
        help="patch at the top of gunicorn.conf.py, or leave preload_app off",
        setting="preload_app",
        fix=_patch_first(conf) if conf is not None and name != "eventlet" else None,
    )


def _patches(tree: ast.Module) -> bool:
    left: list[ast.AST] = [tree]
    while left:
        node = left.pop()
        if isinstance(node, ast.Call):
            function = node.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)
            if called in _PATCHES:
                return True
        if not isinstance(node, _SCOPES):
            left.extend(ast.iter_child_nodes(node))
    return False


def _patch_first(conf: ConfFile) -> Fix | None:
    """Patch before the first statement that does anything."""
    for node in conf.tree.body if conf.tree is not None else ():
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if docstring or future:
            continue
        if node.col_offset:
            return None
        place = Place(path=conf.path, line=node.lineno, column=1, end_line=node.lineno, end_column=1)
        text = "from gevent import monkey\n\nmonkey.patch_all()\n\n"
        return Fix(description="patch at the top of the file", safe=False, edits=(Edit(place=place, text=text),))
    return None


RULES = (
    Rule(
        code="GC217",
        name="preload-before-patch",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=preload_before_patch,
        evidence="issues 2796 and 1566; run with gevent: 3 requests of 2 s take 2.1 s without preload_app, 6.0 "
        "s with it",
    ),
    Rule(
        code="GC316",
        name="preload-and-reload",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=preload_and_reload,
        evidence='run: the answer stays the same after an edit, while the log says "Worker reloading"',
    ),
    Rule(
        code="GC317",
        name="preload-and-hup",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=preload_and_hup,
        evidence="gunicorn/app/base.py, wsgi() keeps self.callable (20.1.0 to 27.0.1)",
    ),
    Rule(
        code="GC318",
        name="preload-shares-connections",
        severity=Severity.WARNING,
        confidence=Confidence.LOW,
        check=preload_shares_connections,
        evidence="github.com/benoitc/gunicorn issue 1953; nautobot issue 127 (bad record mac)",
    ),
)
