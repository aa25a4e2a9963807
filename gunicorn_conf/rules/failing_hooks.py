"""Rules on hooks that end Gunicorn when they fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gunicorn_conf.place import Place
from gunicorn_conf.read.source_text import SourceText
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Function, Subject

# An exception in these ends the arbiter, or the worker before it has booted, which ends the arbiter too.
_FATAL_HOOKS = ("on_starting", "when_ready", "pre_fork", "post_fork", "post_worker_init", "nworkers_changed")
# Calls that fail for reasons outside of the program. On files an "if os.path.exists(...)" around is guard enough.
_FILE_CALLS = frozenset({"open", "os.chmod", "os.chown", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.unlink"})
_NETWORK_CALLS = frozenset(
    {
        "psycopg.connect",
        "psycopg2.connect",
        "pymysql.connect",
        "socket.create_connection",
        "subprocess.check_call",
        "subprocess.check_output",
        "urllib.request.urlopen",
        "urlopen",
    }
)
_NETWORK_MODULES = frozenset({"requests", "httpx"})
_HTTP_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "request"})
_EXITS = frozenset({"exit", "quit", "sys.exit", "os._exit", "os.abort"})


def failing_hook(subject: Subject) -> Iterator[Problem]:
    """A hook does what can fail, and its failure ends Gunicorn.

    An exception in ``on_starting``, ``when_ready``, ``pre_fork`` or ``nworkers_changed`` ends the arbiter; one in
    ``post_fork`` or ``post_worker_init`` makes the worker's boot fail, which stops Gunicorn as well (exit code 3). A
    file that is not there, or a service that does not answer for a moment, is then a server that does not start.

    Mend it by catching what the call may raise.

    Example::

        def when_ready(server):
            requests.post(MONITOR, timeout=2)          # before: no monitor, no server

        def when_ready(server):                        # after
            try:
                requests.post(MONITOR, timeout=2)
            except requests.RequestException:
                server.log.warning("the monitor does not answer")

    Ignore it when Gunicorn must not run without it.
    """
    if subject.conf is None:
        return
    for name in _FATAL_HOOKS:
        hook = subject.conf.function(name)
        if hook is None or not isinstance(hook.body, (ast.FunctionDef, ast.Lambda)):
            continue
        yield from _problems(hook, hook.body, SourceText(subject.conf.path, subject.conf.text))


def _problems(hook: Function, body: ast.FunctionDef | ast.Lambda, source: SourceText) -> Iterator[Problem]:
    ends = _always_ends(body)
    if ends is not None:
        yield Problem(
            message=f"{hook.name} always fails, which ends Gunicorn before it serves",
            place=source.place(ends),
            help="remove it, or make it depend on a condition",
            setting=hook.name,
            severity=Severity.ERROR,
            confidence=Confidence.HIGH,
        )
        return
    for call, called in _unguarded(body):
        place: Place = source.place(call)
        yield Problem(
            message=f"when {called}() in {hook.name} fails, Gunicorn ends",
            place=place,
            help="catch what it may raise, unless Gunicorn must not run without it",
            setting=hook.name,
        )


def _always_ends(body: ast.FunctionDef | ast.Lambda) -> ast.stmt | None:
    """A statement that fails each time: a raise or an exit on no condition, with no return before it."""
    if isinstance(body, ast.Lambda) or body.decorator_list:
        return None  # a decorator may catch what it raises
    for statement in body.body:
        if isinstance(statement, ast.Raise):
            return statement
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            if _dotted(statement.value.func) in _EXITS:
                return statement
        elif not isinstance(statement, (ast.Expr, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)):
            return None  # it may return, or catch
    return None


def _unguarded(body: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Calls that may fail, with their names, outside of any try, with suppress(...) or function within."""
    left: list[tuple[ast.AST, bool]] = [(node, False) for node in ast.iter_child_nodes(body)]
    while left:
        node, conditional = left.pop()
        if isinstance(node, (ast.Try, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(node, ast.With) and any("suppress" in ast.dump(item.context_expr) for item in node.items):
            continue
        if isinstance(node, ast.Call):
            called = _dotted(node.func)
            if called is not None and _may_fail(called, conditional=conditional):
                yield node, called
        inside = conditional or isinstance(node, (ast.If, ast.IfExp))
        left.extend((child, inside) for child in ast.iter_child_nodes(node))


def _may_fail(called: str, *, conditional: bool) -> bool:
    module, _, function = called.rpartition(".")
    if called in _NETWORK_CALLS or (module in _NETWORK_MODULES and function in _HTTP_METHODS):
        return True
    return called in _FILE_CALLS and not conditional


def _dotted(node: ast.expr) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


RULES = (
    Rule(
        code="GC320",
        name="failing-hook",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=failing_hook,
        evidence="gunicorn/arbiter.py:186 and 223 (27.0.1) call hooks unguarded; run: exit code 1",
    ),
)
