"""gunicorn.conf.py to what it sets, without executing it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Place, Source
from gunicorn_conf.read.evaluate import evaluate_file
from gunicorn_conf.read.evaluate_imports import is_function, is_standard
from gunicorn_conf.read.evaluate_run import Run
from gunicorn_conf.read.evaluate_scope import Binding
from gunicorn_conf.read.evaluate_values import Symbol, UserClass, UserFunction, one_of
from gunicorn_conf.read.exported import exported
from gunicorn_conf.read.parse import parse
from gunicorn_conf.read.source_text import SourceText
from gunicorn_conf.rules.subject import ConfFile, Function, Name
from gunicorn_conf.settings import SettingType, settings
from gunicorn_conf.value import Known, Unknown, Value

_NOTHING_GIVEN: Mapping[str, str] = {}


def _no_neighbour(_name: str) -> str | None:
    return None


def read_conf(
    path: str,
    text: str,
    *,
    environment: Mapping[str, str] = _NOTHING_GIVEN,
    neighbour: Callable[[str], str | None] = _no_neighbour,
) -> tuple[ConfFile, tuple[Assigned, ...]]:
    """Read a configuration file: the file with its names and functions, and what it sets.

    ``environment`` holds the variables that are given. One that is not is taken as not set, where the file has a
    default for that; where the file needs it, the value is unknown. A condition on it leaves both branches as
    possibilities, the one without the variable first. ``neighbour`` gives the text of a module that the file may
    import, by its dotted name, or None.

    Never raises: a file that cannot be parsed comes back with its ``problem``.
    """
    parsed = parse(path, text)
    if parsed.tree is None:
        return ConfFile(
            path=path,
            text=text,
            problem=parsed.problem,
            problem_place=parsed.place,
            is_template=parsed.is_template,
        ), ()
    source = SourceText(path, text)
    evaluated = evaluate_file(source, parsed.tree, environment, neighbour)
    loaded = _loaded_names(parsed.tree)
    names: list[Name] = []
    functions: list[Function] = []
    assigned: list[Assigned] = []
    for name, binding in evaluated.names.items():
        if name.startswith("_") or binding.name_node is None:
            continue
        function = _function(name, binding, source)
        if function is not None:
            functions.append(function)
        if name in settings():
            assigned.append(_assigned(evaluated.run, name, binding, source))
        if name in settings() or not _is_callable_or_module(binding):
            names.append(_name(evaluated.run, name, binding, source, loaded))
    conf = ConfFile(
        path=path,
        text=text,
        names=tuple(names),
        functions=tuple(functions),
        tree=parsed.tree,
        incomplete=evaluated.incomplete,
        failure=evaluated.failure,
        failure_place=source.place(evaluated.failed) if evaluated.failed is not None else None,
    )
    return conf, tuple(assigned)


def _value(run: Run, name: str, binding: Binding) -> Value:
    """What a rule sees of a binding's value."""
    is_class = name in settings() and settings()[name].types[-1][1] is SettingType.CLASS
    return exported(run.settled(binding.value), is_class=is_class)


def _assigned(run: Run, name: str, binding: Binding, source: SourceText) -> Assigned:
    value = _value(run, name, binding)
    if binding.unset is not None:
        value = one_of([value, Unknown(why=binding.unset)])
    place, statement, value_place = _places(name, binding, source)
    return Assigned(
        name=name,
        value=value,
        source=Source.FILE,
        place=statement,
        value_place=value_place or place,
        text=_text(binding, source),
        conditional=binding.conditional or binding.unset is not None,
        replaceable=binding.replaceable and binding.source is source,
        variables=tuple(sorted(binding.variables)),
    )


def _name(run: Run, name: str, binding: Binding, source: SourceText, loaded: Mapping[str, list[ast.Name]]) -> Name:
    value = _value(run, name, binding)
    if binding.unset is not None:
        value = one_of([value, Unknown(why=binding.unset)])
    place, statement, value_place = _places(name, binding, source)
    own = binding.statement
    uses = loaded.get(name, []) + loaded.get("*", [])
    elsewhere = any(own is None or not _within(use, own) for use in uses)
    return Name(
        name=name,
        value=value,
        place=place,
        statement=statement,
        value_place=value_place,
        text=_text(binding, source),
        read_elsewhere=elsewhere,
        imported=binding.imported,
        conditional=binding.conditional or binding.unset is not None,
    )


def _within(node: ast.Name, statement: ast.stmt) -> bool:
    end = (statement.end_lineno or statement.lineno, statement.end_col_offset or 0)
    return (statement.lineno, statement.col_offset) <= (node.lineno, node.col_offset) < end


def _places(name: str, binding: Binding, source: SourceText) -> tuple[Place, Place, Place | None]:
    """Of the name, of its statement, and of its value."""
    node = binding.name_node
    assert node is not None
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        place = source.place_of_word(name, node.lineno, node.col_offset)
    else:
        place = source.place(node)
    statement = source.place(binding.statement) if binding.statement is not None else place
    own_value = binding.value_node is not None and binding.source in (source, None)
    return place, statement, source.place(binding.value_node) if own_value and binding.value_node is not None else None


def _text(binding: Binding, source: SourceText) -> str:
    if binding.value_node is not None:
        return (binding.source or source).segment(binding.value_node)
    return ""


def _is_callable_or_module(binding: Binding) -> bool:
    """Whether what a name is bound to is a function, a class or a module, as far as it is known."""
    if isinstance(binding.statement, ast.Import):
        return True
    held = binding.value.value if isinstance(binding.value, Known) else None
    if isinstance(held, Symbol):
        return is_function(held.path) or is_standard(held.path)
    return isinstance(held, (UserFunction, UserClass))


def _function(name: str, binding: Binding, source: SourceText) -> Function | None:
    """A name's function: of the file, by another name, or imported for a hook."""
    place, _, _ = _places(name, binding, source)
    held = binding.value.value if isinstance(binding.value, Known) else None
    is_hook = name in settings() and settings()[name].types[-1][1] is SettingType.HOOK
    if isinstance(held, UserFunction):
        node = held.node
        least, most = (None, None) if held.decorated else _arity(node.args)
        parameters = tuple(one.arg for one in (*node.args.posonlyargs, *node.args.args))
        return Function(name=name, place=place, least=least, most=most, parameters=parameters, body=node)
    if is_hook and (isinstance(held, (Symbol, UserClass)) or isinstance(binding.value, Unknown)):
        return Function(name=name, place=place, least=None, most=None)
    return None


def _arity(arguments: ast.arguments) -> tuple[int | None, int | None]:
    count = len(arguments.posonlyargs) + len(arguments.args)
    return count - len(arguments.defaults), None if arguments.vararg is not None else count


def _loaded_names(tree: ast.Module) -> dict[str, list[ast.Name]]:
    """Where each name is used; under ``*`` where all names are handed on at once, as by ``"..." % locals()``."""
    found: dict[str, list[ast.Name]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Name(ctx=ast.Load()):
                found.setdefault(node.id, []).append(node)
            case ast.BinOp(op=ast.Mod(), right=handed) | ast.keyword(arg=None, value=handed):
                match handed:
                    case ast.Call(func=ast.Name(id="globals" | "locals" | "vars") as function):
                        found.setdefault("*", []).append(function)
    return found
