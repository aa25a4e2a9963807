"""Rules on hooks: functions that take the wrong number of arguments, or ask for what a worker does not have."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from gunicorn_conf.read.source_text import SourceText
from gunicorn_conf.rules.finding import Confidence, Edit, Fix, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import ConfFile, Function, Subject
from gunicorn_conf.rules.worker_classes import effective_class
from gunicorn_conf.settings import supports

# The parameters of each hook (gunicorn/config.py, class ServerHooks and below).
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "on_starting": ("server",),
    "on_reload": ("server",),
    "when_ready": ("server",),
    "pre_fork": ("server", "worker"),
    "post_fork": ("server", "worker"),
    "post_worker_init": ("worker",),
    "worker_int": ("worker",),
    "worker_abort": ("worker",),
    "pre_exec": ("server",),
    "pre_request": ("worker", "req"),
    "post_request": ("worker", "req", "environ", "resp"),
    "child_exit": ("server", "worker"),
    "worker_exit": ("server", "worker"),
    "nworkers_changed": ("server", "new_value", "old_value"),
    "on_exit": ("server",),
    "ssl_context": ("config", "default_ssl_context_factory"),
    "on_dirty_starting": ("arbiter",),
    "dirty_post_fork": ("arbiter", "worker"),
    "dirty_worker_init": ("worker",),
    "dirty_worker_exit": ("arbiter", "worker"),
}
# validate_post_request takes functions of two and three arguments as well.
_ALSO_TAKES: Mapping[str, tuple[int, ...]] = {"post_request": (2, 3)}
# What hooks ask for and no release has, with what there is instead (gunicorn/workers/base.py, gunicorn/arbiter.py;
# each is the same in 20.1.0 and 27.0.1).
_WORKER_LACKS: Mapping[str, str] = {
    "id": "worker.pid or worker.age",
    "worker_id": "worker.pid or worker.age",
    "index": "worker.age",
    "name": "worker.pid",
    "number": "worker.age",
    "config": "worker.cfg",
    "logger": "worker.log",
    "requests": "worker.nr",
}
_SERVER_LACKS: Mapping[str, str] = {
    "workers": "server.WORKERS",
    "listeners": "server.LISTENERS",
    "config": "server.cfg",
    "logger": "server.log",
    "id": "server.pid",
    "name": "server.proc_name",
}
_LACKS = {"worker": _WORKER_LACKS, "server": _SERVER_LACKS}
# Hooks whose exception ends Gunicorn (gunicorn/arbiter.py: in the arbiter itself, or a worker that exits with 3).
_ENDS_GUNICORN = frozenset(
    {"on_starting", "when_ready", "pre_fork", "post_fork", "post_worker_init", "nworkers_changed", "on_reload"}
)


def hook_arity(subject: Subject) -> Iterator[Problem]:
    """A hook takes another number of arguments than Gunicorn gives it.

    Gunicorn counts the parameters when it reads the file and ends with "Value must have an arity of: 2". Parameters
    with a default count, and ``*args`` does not.

    Mend it by taking the arguments that Gunicorn gives, in its order; post_request may leave the last two out.

    Example::

        def post_fork(worker):             # before
        def post_fork(server, worker):     # after

    Ignore it when the function is replaced further down in the file. Decorated functions are not reported.
    """
    if subject.conf is None:
        return
    for function in subject.conf.functions:
        wanted = _PARAMETERS.get(function.name)
        if wanted is None or not supports(function.name, subject.release):
            continue
        count = _arity(function)
        if count is None or count == len(wanted) or count in _ALSO_TAKES.get(function.name, ()):
            continue
        takes = f"{count} {'argument' if count == 1 else 'arguments'}"
        yield Problem(
            message=f"{function.name} takes {takes} and is to take {len(wanted)}: Gunicorn ends at start",
            place=function.place,
            help=f"write {function.name}({', '.join(wanted)})",
            setting=function.name,
        )


def hook_attribute(subject: Subject) -> Iterator[Problem]:
    """A hook asks its worker or server for an attribute that it does not have, such as ``worker.id``.

    The hook raises AttributeError. In post_fork and post_worker_init the worker exits with 3 and Gunicorn ends
    ("Worker failed to boot"); in when_ready and on_starting Gunicorn ends at once.

    Mend it with what there is: worker.pid (the process), worker.age (1, 2, 3, ... in the order of starting),
    worker.log, worker.cfg; server.WORKERS, server.log, server.cfg.

    Example::

        server.log.info("worker %s", worker.id)      # before
        server.log.info("worker %s", worker.pid)     # after

    Ignore it when the attribute is set by a worker class of your own. Attributes that the file itself sets, and
    accesses within ``try``, are not reported, nor is anything with a worker class that is not Gunicorn's.
    """
    conf = subject.conf
    name = effective_class(subject)
    if conf is None or name is None or "." in name or name.startswith("egg:"):
        return
    for function in conf.functions:
        parameters = _PARAMETERS.get(function.name)
        if parameters is None or not isinstance(function.body, (ast.FunctionDef, ast.Lambda)):
            continue
        yield from _missing_attributes(conf, function, function.body, parameters)


def _arity(function: Function) -> int | None:
    """What gunicorn/util.py, get_arity counts: every positional parameter, with a default or without."""
    body = function.body
    if isinstance(body, (ast.FunctionDef, ast.AsyncFunctionDef)) and body.decorator_list:
        return None
    if isinstance(body, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return len(body.args.posonlyargs) + len(body.args.args)
    return function.least if function.least == function.most else None


def _missing_attributes(
    conf: ConfFile, function: Function, body: ast.FunctionDef | ast.Lambda, parameters: tuple[str, ...]
) -> Iterator[Problem]:
    own = [argument.arg for argument in (*body.args.posonlyargs, *body.args.args)]
    roles = {name: role for name, role in zip(own, parameters, strict=False) if role in ("server", "worker")}
    asked = [
        (node, node.value.id, roles[node.value.id])
        for node in _outside_try(body)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in roles
    ]
    missing = [(node, name, role) for node, name, role in asked if node.attr in _LACKS[role]]
    if not missing:
        return
    given = _stored(conf.tree)
    source = SourceText(conf.path, conf.text)
    ends = ": Gunicorn ends" if function.name in _ENDS_GUNICORN else ""
    for node, name, role in missing:
        if node.attr in given or _rebound(body, name):
            continue
        instead = _LACKS[role][node.attr].replace(role, name)
        place = source.place(node)
        fix = Fix(description=f"write {instead}", safe=False, edits=(Edit(place=place, text=instead),))
        yield Problem(
            message=f"{function.name} asks for {name}.{node.attr}, which a {role} does not have{ends}",
            place=place,
            help=f"use {instead}",
            setting=function.name,
            fix=None if " or " in instead else fix,
        )


def _outside_try(body: ast.AST) -> Iterator[ast.AST]:
    left: list[ast.AST] = [body]
    while left:
        node = left.pop()
        if isinstance(node, ast.Try) and node.handlers:
            left += [*node.orelse, *node.finalbody]
            continue
        # hasattr(worker, "id") and worker.id
        if isinstance(node, (ast.If, ast.IfExp, ast.BoolOp)) and _asks_first(node):
            continue
        yield node
        left += ast.iter_child_nodes(node)


def _asks_first(node: ast.If | ast.IfExp | ast.BoolOp) -> bool:
    test: ast.AST = node.values[0] if isinstance(node, ast.BoolOp) else node.test
    return any(isinstance(one, ast.Name) and one.id in ("hasattr", "getattr") for one in ast.walk(test))


def _stored(tree: ast.Module | None) -> set[str]:
    if tree is None:
        return set()
    stored = {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    by_name = {
        node.args[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "setattr"
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
    }
    return stored | {name for name in by_name if isinstance(name, str)}


def _rebound(body: ast.AST, name: str) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load) for node in ast.walk(body)
    )


RULES = (
    Rule(
        code="GC142",
        name="hook-arity",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=hook_arity,
        evidence="gunicorn/config.py, validate_callable (27.0.1); run: exit code 1",
    ),
    Rule(
        code="GC143",
        name="hook-unknown-attribute",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=hook_attribute,
        evidence="run: worker.id in post_fork ends with exit code 3 (27.0.1)",
    ),
)
