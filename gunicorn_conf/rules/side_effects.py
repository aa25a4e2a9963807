"""Rules on what a configuration file does besides setting values: it is executed, and more often than one thinks."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from gunicorn_conf.read.source_text import SourceText
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject

# Calls by the beginning of their dotted name, and what they do.
_DOES = {
    "subprocess.": "starts a program",
    "os.system": "starts a program",
    "os.popen": "starts a program",
    "requests.": "makes a request over the network",
    "httpx.": "makes a request over the network",
    "urllib.request.urlopen": "makes a request over the network",
    "urlopen": "makes a request over the network",
    "socket.create_connection": "opens a connection",
    "boto3.": "opens a connection",
    "psycopg2.connect": "opens a connection",
    "psycopg.connect": "opens a connection",
    "redis.Redis": "opens a connection",
    "os.remove": "removes a file",
    "os.unlink": "removes a file",
    "shutil.rmtree": "removes files",
}
_STARTS = {"Thread": "starts a thread", "Timer": "starts a thread", "Process": "starts a process"}
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_WRITES = frozenset("wax+")


def file_does_more(subject: Subject) -> Iterator[Problem]:
    """The configuration file does something besides setting values.

    The file is a program: Gunicorn executes it in the master at start, again at every reload (SIGHUP), and also for
    ``gunicorn --check-config`` and ``--print-config``. What it starts is started each time; a thread lives in the
    master alone, for forked workers have none of its threads; a service that cannot be reached keeps Gunicorn from
    starting.

    Mend it by moving the work into a hook: on_starting runs once, post_fork in each worker.

    Example::

        threading.Thread(target=report).start()     # before

        def post_fork(server, worker):              # after
            threading.Thread(target=report, daemon=True).start()

    Ignore it when the result is needed for a setting, such as the output of a program, and the cost is accepted.
    """
    conf = subject.conf
    if conf is None or conf.tree is None or not any(word in conf.text for word in _WORDS):
        return
    source = SourceText(conf.path, conf.text)
    made = _made(conf.tree)
    for call in _calls(conf.tree):
        what = _effect(call, made)
        if what is None:
            continue
        thread = what.startswith("starts a thread")
        yield Problem(
            message=f"the file {what} whenever it is read: at start, at every SIGHUP, and for --check-config",
            place=source.place(call),
            help="move it into a hook: post_fork for each worker, on_starting for the master",
            severity=Severity.WARNING if thread else None,
        )


_WORDS = (*(name.rstrip(".").rpartition(".")[2] for name in _DOES), "open", ".start", "write_text")


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls in the file's own scope, what is called within another call after it."""
    left: list[ast.AST] = list(reversed(tree.body))
    while left:
        node = left.pop()
        if isinstance(node, ast.Call):
            yield node
        if isinstance(node, ast.If) and _is_main(node):
            continue
        if not isinstance(node, _SCOPES):
            left.extend(reversed(list(ast.iter_child_nodes(node))))


def _is_main(node: ast.If) -> bool:
    return (
        isinstance(node.test, ast.Compare) and isinstance(node.test.left, ast.Name) and node.test.left.id == "__name__"
    )


def _made(tree: ast.Module) -> dict[str, str]:
    """The names at top level that are bound to what a call returns, and the last part of what is called."""
    return {
        target.id: _dotted(node.value.func).rpartition(".")[2]
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _effect(call: ast.Call, made: Mapping[str, str]) -> str | None:
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr == "start":
        started = _dotted(function.value.func) if isinstance(function.value, ast.Call) else ""
        if isinstance(function.value, ast.Name):
            started = made.get(function.value.id, "")
        return _STARTS.get(started.rpartition(".")[2])
    name = _dotted(function)
    if name in ("open", "io.open") and _mode(call, 1) & _WRITES:
        return "writes a file"
    if isinstance(function, ast.Attribute) and function.attr in ("write_text", "write_bytes"):
        return "writes a file"
    # What ends with a dot is a module, any of whose functions counts.
    return _DOES.get(name) or _DOES.get(name.partition(".")[0] + ".")


def _mode(call: ast.Call, position: int) -> set[str]:
    mode = call.args[position] if len(call.args) > position else None
    mode = next((keyword.value for keyword in call.keywords if keyword.arg == "mode"), mode)
    return set(mode.value) if isinstance(mode, ast.Constant) and isinstance(mode.value, str) else set()


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


RULES = (
    Rule(
        code="GC521",
        name="file-does-more",
        severity=Severity.INFO,
        confidence=Confidence.MEDIUM,
        check=file_does_more,
        evidence="gunicorn/app/base.py, get_config_from_filename and reload (27.0.1); run: --check-config executes the "
        "file",
    ),
)
