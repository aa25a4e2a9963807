"""What a file asks of the things that are known by name: environment variables, its own globals, Python's version."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from gunicorn_conf.read.evaluate_builtins import FUNCTIONS
from gunicorn_conf.read.evaluate_run import Run, not_given
from gunicorn_conf.read.evaluate_values import Symbol, one_of
from gunicorn_conf.value import Known, Value

ENVIRONMENT = Symbol("os.environ")
GLOBALS = Symbol("builtins.globals()")
LOCALS = Symbol("builtins.locals()")
# The file as a module: ``sys.modules[__name__]``.
ITSELF = Symbol("sys.modules[__name__]")

# Readers of environment variables beyond os.getenv, by the name that they are called with. Packages decouple (which
# looks into settings files too), environs and django-environ.
_READERS = frozenset({"os.environ.get", "os.getenv", "os.environ.setdefault", "os.environ.pop", "decouple.config"})
_TYPED = ("environs.Env().", "environ.Env().", "environs.env.")
_TRUE_WORDS = ("true", "on", "ok", "y", "yes", "1", "t")


def reads_variable(path: str) -> bool:
    """Whether calling this reads an environment variable."""
    return path in _READERS or path in ("environs.Env()", "environ.Env()", "environs.env") or path.startswith(_TYPED)


def read_variable(
    run: Run, node: ast.Call, path: str, positional: Sequence[Value], named: Mapping[str, Value]
) -> Value:
    """What a call gives that reads an environment variable."""
    name = positional[0] if positional else named.get("key")
    if not isinstance(name, Known) or not isinstance(name.value, str):
        return run.unknown("the name of a variable is computed")
    default = positional[1] if len(positional) > 1 else named.get("default")
    if default is None and path in ("os.environ.get", "os.getenv", "os.environ.setdefault"):
        default = Known(value=None)
    given = name.value in run.environment or name.value in run.shadowed
    value = run.variable(name.value, default)
    cast = named.get("cast")
    if path.startswith(_TYPED):
        cast = Known(value=Symbol(f"builtins.{path.rpartition('.')[2]}"))
        if not given:
            return value
    if path == "os.environ.setdefault" and not given and not run.undecided:
        run.environment[name.value] = value
    if isinstance(cast, Known) and isinstance(cast.value, Symbol):
        return _cast(run, node, cast.value, value)
    return value if cast is None else run.unknown(f"the cast of {name.value} is not evaluated")


def _cast(run: Run, node: ast.Call, kind: Symbol, value: Value) -> Value:
    if kind.path == "builtins.bool":
        return run.apply(node, lambda text: text.lower() in _TRUE_WORDS if isinstance(text, str) else bool(text), value)
    if kind.path in FUNCTIONS:
        return run.apply(node, FUNCTIONS[kind.path], value)
    return run.unknown(f"{kind.name} is not evaluated")


def item(run: Run, container: Symbol, key: Value) -> Value:
    """``container[key]`` of something known by name."""
    known = key.value if isinstance(key, Known) else None
    if container == ENVIRONMENT and isinstance(known, str):
        return run.variable(known, None)
    if container in (GLOBALS, LOCALS) and isinstance(known, str):
        scope = run.scopes[0] if container == GLOBALS else run.names
        return scope[known].value if known in scope else run.unknown(f"{known} is not bound in what was read")
    if container.path == "sys.modules" and known == "__config__":
        return Known(value=ITSELF)
    if container.path == "sys.version_info" and known == 0:
        return Known(value=3)
    return run.unknown(f"{container.name} is not evaluated")


def contains(run: Run, key: Value, container: Symbol) -> Value:
    """``key in container`` of something known by name."""
    if isinstance(key, Known) and isinstance(key.value, str):
        if container in (ENVIRONMENT, Symbol("os.environ.keys()")):
            if key.value in run.environment:
                return Known(value=True)
            if key.value in run.shadowed:
                return not_given(key.value)
            run.variables.add(key.value)
            return Known(value=False)
        if container in (GLOBALS, LOCALS):
            scope = run.scopes[0] if container == GLOBALS else run.names
            if key.value in scope and scope[key.value].unset is None:
                return Known(value=True)
            if run.incomplete is None and key.value not in scope:
                return Known(value=False)
    return run.unknown(f"what {container.name} holds is not known")


def names_of_environment(run: Run, symbol: Symbol) -> list[Value] | None:
    """What a loop over os.environ goes through: the variables that are given; None for other things."""
    if symbol.path in ("os.environ", "os.environ.keys()"):
        return [Known(value=name) for name in run.environment]
    if symbol.path in ("os.environ.items()", "os.environ.values()"):
        pairs: list[Value] = []
        for name, value in run.environment.items():
            if not isinstance(value, Known):
                return None
            pairs.append(Known(value=(name, value.value) if symbol.path.endswith("items()") else value.value))
        return pairs
    return None


def set_variable(run: Run, name: Value, value: Value) -> None:
    """``os.environ[name] = value``."""
    if not isinstance(name, Known) or not isinstance(name.value, str):
        return
    before = run.environment.get(name.value)
    if not run.undecided:
        run.environment[name.value] = value
    else:
        run.environment[name.value] = one_of([value, before if before is not None else not_given(name.value)])
