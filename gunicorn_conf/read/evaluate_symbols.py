"""Calls of what is known by name: builtins and imported functions, those that are evaluated and all others."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gunicorn_conf.read.evaluate_attributes import attribute
from gunicorn_conf.read.evaluate_builtins import (
    CHANGING,
    CLASSES,
    CPU_CONFIGURATION,
    CPU_COUNTS,
    CPU_SETS,
    FUNCTIONS,
    function,
)
from gunicorn_conf.read.evaluate_environment import (
    GLOBALS,
    ITSELF,
    LOCALS,
    read_variable,
    reads_variable,
    set_variable,
)
from gunicorn_conf.read.evaluate_functions import call_user_function
from gunicorn_conf.read.evaluate_imports import is_standard
from gunicorn_conf.read.evaluate_items import iterated
from gunicorn_conf.read.evaluate_operators import Items, plain
from gunicorn_conf.read.evaluate_run import Run
from gunicorn_conf.read.evaluate_targets import bind_by_name
from gunicorn_conf.read.evaluate_values import HostFunction, Raised, Symbol, UserClass, UserFunction
from gunicorn_conf.value import Known, Literal, PerHost, Unknown, Value

# Calls that end the program.
_EXITS = frozenset({"sys.exit", "builtins.exit", "builtins.quit", "os._exit", "os.abort"})
# Calls whose result is None and that change nothing here.
_SILENT = frozenset(
    {"builtins.print", "warnings.warn", "warnings.filterwarnings", "sys.path.append", "sys.path.insert"}
)


@dataclass(frozen=True, slots=True)
class Called:
    """A call with its arguments."""

    node: ast.Call
    positional: Sequence[Value]
    named: Mapping[str, Value]


def call_symbol(run: Run, symbol: Symbol, call: Called) -> Value:
    """What a call gives of something that is known by name."""
    path = symbol.path
    if path in CPU_COUNTS or path in CPU_SETS or path == "os.sysconf":
        return _cpus(run, path, call)
    if reads_variable(path) and (call.positional or call.named):
        return read_variable(run, call.node, path, call.positional, call.named)
    if path in _EXITS:
        return run.fail(Raised(SystemExit, "the file ends the program"))
    if path in _SILENT:
        return Known(value=None)
    special = _SPECIAL.get(path)
    if special is not None:
        return special(run, call)
    if path in FUNCTIONS:
        known = function(path, len(call.positional), tuple(call.named))
        operands = [*call.positional, *call.named.values()]
        return run.apply(call.node, known, *operands)
    if path in ("environs.Env", "environ.Env"):
        return Known(value=Symbol(f"{path}()"))
    if path in ("os.environ.items", "os.environ.keys", "os.environ.values"):
        return Known(value=Symbol(f"{path}()"))
    if path == "os.environ.copy":
        return Known(value=Symbol("os.environ"))
    if not is_standard(path) or path.startswith(CHANGING):
        distrust(run, [*call.positional, *call.named.values()], f"{symbol.name}() may have changed it")
    return run.unknown(f"{symbol.name}() is not evaluated")


def _cpus(run: Run, path: str, call: Called) -> Value:
    if path == "os.sysconf":
        name = call.positional[0].value if call.positional and isinstance(call.positional[0], Known) else None
        if name not in CPU_CONFIGURATION:
            return run.unknown("os.sysconf() is not evaluated")
    if path in ("psutil.cpu_count", "joblib.cpu_count") and (call.positional or call.named):
        logical = call.positional[0] if call.positional else call.named.get("logical")
        if not (isinstance(logical, Known) and logical.value is True):
            return run.unknown("it is the number of physical cores, which does not follow from the number of CPUs")
    at = (lambda cpus: set(range(cpus))) if path in CPU_SETS else (lambda cpus: cpus)
    return PerHost(expression=run.module.source.segment(call.node), at=HostFunction(at))


def _own_names(run: Run, call: Called) -> Value:
    if call.positional:
        return run.unknown("vars() is not evaluated")
    is_global = (isinstance(call.node.func, ast.Name) and call.node.func.id == "globals") or len(run.scopes) == 1
    return Known(value=GLOBALS if is_global else LOCALS)


def _update_names(run: Run, call: Called) -> Value:
    for one in call.positional:
        if isinstance(one, Known) and isinstance(one.value, dict):
            for name, value in one.value.items():
                bind_by_name(run, Known(value=name), Known(value=value), call.node, None, None)
        else:
            run.incomplete = run.incomplete or f"line {call.node.lineno} sets names that are computed"
    for name, value in call.named.items():
        keyword = next((one.value for one in call.node.keywords if one.arg == name), None)
        bind_by_name(run, Known(value=name), value, call.node, None, keyword)
    return Known(value=None)


def _setattr(run: Run, call: Called) -> Value:
    if len(call.positional) == 3 and isinstance(call.positional[0], Known) and call.positional[0].value == ITSELF:
        bind_by_name(
            run,
            call.positional[1],
            call.positional[2],
            call.node,
            None,
            call.node.args[2] if len(call.node.args) == 3 else None,
        )
    return Known(value=None)


def _getattr(run: Run, call: Called) -> Value:
    name = call.positional[1].value if len(call.positional) > 1 and isinstance(call.positional[1], Known) else None
    if isinstance(name, str) and name.isidentifier() and call.positional:
        owner = call.positional[0].value if isinstance(call.positional[0], Known) else None
        if isinstance(owner, UserClass) and name not in owner.members and len(call.positional) == 3:
            return call.positional[2]
        written = ast.Attribute(value=call.node.args[0], attr=name, ctx=ast.Load())
        return attribute(run, ast.copy_location(written, call.node), call.positional[0])
    return run.unknown("getattr() is not evaluated")


def _execute_text(run: Run, call: Called) -> Value:
    run.incomplete = run.incomplete or f"line {call.node.lineno} executes a text"
    return run.unknown("exec() is not evaluated")


def _isinstance(run: Run, call: Called) -> Value:
    if len(call.positional) != 2:
        return run.unknown("isinstance() is not evaluated")
    value, kinds = call.positional
    asked = kinds.value if isinstance(kinds, Known) else None
    found: list[type] = []
    for one in asked if isinstance(asked, tuple) else (asked,):
        if not isinstance(one, Symbol) or one.path not in CLASSES:
            return run.unknown("isinstance() is not evaluated")
        found.append(CLASSES[one.path])

    def build(value: Literal) -> bool:
        plain(value)
        return isinstance(value, tuple(found))

    return run.apply(call.node, build, value)


def _map(run: Run, call: Called) -> Value:
    if len(call.positional) != 2 or not isinstance(call.positional[0], Known):
        return run.unknown("map() is not evaluated")
    items = iterated(run, call.node, call.positional[1])
    if isinstance(items, Unknown):
        return items
    mapped = call.positional[0].value
    results: list[Value] = []
    for one in items:
        if isinstance(mapped, Symbol):
            results.append(call_symbol(run, mapped, replace(call, positional=[one], named={})))
        elif isinstance(mapped, UserFunction):
            results.append(call_user_function(run, call.node, mapped, [one], {}))
        else:
            return run.unknown("map() is not evaluated")
    return run.apply(call.node, lambda *values: Items(values), *results)


def _update_environment(run: Run, call: Called) -> Value:
    for one in call.positional:
        if isinstance(one, Known) and isinstance(one.value, dict):
            for name, value in one.value.items():
                set_variable(run, Known(value=name), Known(value=value))
    for name, value in call.named.items():
        set_variable(run, Known(value=name), value)
    return Known(value=None)


_SPECIAL = {
    "builtins.exec": _execute_text,
    "builtins.execfile": _execute_text,
    "builtins.getattr": _getattr,
    "builtins.globals": _own_names,
    "builtins.globals().update": _update_names,
    "builtins.isinstance": _isinstance,
    "builtins.locals": _own_names,
    "builtins.locals().update": _update_names,
    "builtins.map": _map,
    "builtins.setattr": _setattr,
    "builtins.vars": _own_names,
    "builtins.vars().update": _update_names,
    "os.environ.update": _update_environment,
}


def distrust(run: Run, values: Sequence[Value], why: str) -> None:
    """Lists and dicts that were given to a call that is not evaluated may have been changed by it."""
    for value in values:
        if isinstance(value, Known):
            if isinstance(value.value, (list, dict, set)):
                run.spoilt.spoil(value.value, Unknown(why=why))
            elif value.value in (GLOBALS, LOCALS, ITSELF) if isinstance(value.value, Symbol) else False:
                run.incomplete = run.incomplete or "the file's names are given to something that is not evaluated"
