"""Imports: nothing is imported; a name stands for what it would be, and a neighbouring file may be read."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace

from gunicorn_conf.read.evaluate_builtins import CONSTANTS, CPU_COUNTS, CPU_SETS, FUNCTIONS
from gunicorn_conf.read.evaluate_limits import MAX_MODULES
from gunicorn_conf.read.evaluate_run import Run
from gunicorn_conf.read.evaluate_scope import Binding, Module
from gunicorn_conf.read.evaluate_values import Symbol
from gunicorn_conf.read.source_text import SourceText
from gunicorn_conf.value import Known, Unknown


def is_standard(path: str) -> bool:
    """Whether a dotted path is of the standard library, or a builtin."""
    return path.partition(".")[0] in sys.stdlib_module_names or path.startswith("builtins.")


def is_function(path: str) -> bool:
    """Whether a dotted path is known to be a function."""
    return path in FUNCTIONS or path in CPU_COUNTS or path in CPU_SETS or path in ("os.getenv",)


def neighbouring(run: Run, path: str) -> Module | None:
    """The neighbouring module of this name, when it was read."""
    return run.modules.get(path)


def read_module(run: Run, name: str) -> Module | None:
    """Read and evaluate a neighbouring module; None when there is none, or it cannot be parsed."""
    if name in run.modules:
        return run.modules[name]
    if is_standard(name) or len(run.modules) >= MAX_MODULES:
        return None
    text = run.neighbour(name)
    if text is None:
        return None
    from gunicorn_conf.read.evaluate import evaluate_body
    from gunicorn_conf.read.parse import parse

    run.modules[name] = None
    parsed = parse(name, text)
    if parsed.tree is None:
        return None
    module = Module(source=SourceText(name, text))
    run.modules[name] = module
    before = run.module, run.scopes
    run.module, run.scopes = module, [module.names]
    try:
        evaluate_body(run, parsed.tree.body)
    finally:
        run.module, run.scopes = before
    return module


def import_modules(run: Run, statement: ast.Import) -> None:
    """``import a.b as c``."""
    for alias in statement.names:
        bound, path = alias.asname or alias.name.partition(".")[0], alias.name
        read_module(run, path)
        if not is_standard(path):
            run.doubts += 1
        value = Known(value=Symbol(path if alias.asname else bound))
        _bind(run, bound, Binding(value=value, name_node=alias, statement=statement, imported=True))


def import_names(run: Run, statement: ast.ImportFrom) -> None:
    """``from a import b as c``."""
    path = "." * statement.level + (statement.module or "")
    module = read_module(run, path)
    if not is_standard(path):
        run.doubts += 1
    for alias in statement.names:
        if alias.name == "*":
            _import_all(run, statement, path, module)
            continue
        bound = alias.asname or alias.name
        if module is not None and alias.name in module.names:
            found = replace(module.names[alias.name], name_node=alias, statement=statement, value_node=None)
            _bind(run, bound, replace(found, imported=True, replaceable=False))
            continue
        full = f"{path}.{alias.name}"
        read_module(run, full)
        value = Known(value=CONSTANTS[full] if full in CONSTANTS else Symbol(full))
        _bind(run, bound, Binding(value=value, name_node=alias, statement=statement, imported=True))


def _import_all(run: Run, statement: ast.ImportFrom, path: str, module: Module | None) -> None:
    if is_standard(path):
        run.module.stars.append(path)
        return
    if module is None:
        run.incomplete = run.incomplete or (
            f"line {statement.lineno} takes every name of {path}, which was not read"
            if run.module.source.path != path
            else f"{path} takes names of others"
        )
        return
    listed = module.names.get("__all__")
    chosen = listed.value.value if listed and isinstance(listed.value, Known) else None
    for name, binding in module.names.items():
        if (name in chosen) if isinstance(chosen, (list, tuple)) else not name.startswith("_"):
            own = binding.imported and isinstance(binding.value, Known) and isinstance(binding.value.value, Symbol)
            node = statement.names[0]
            found = replace(binding, name_node=node, statement=statement, value_node=None, replaceable=False)
            _bind(run, name, found if own else replace(found, imported=True))


def _bind(run: Run, name: str, binding: Binding) -> None:
    run.bind(name, replace(binding, source=run.module.source, conditional=run.undecided > 0 or binding.conditional))


def not_read(symbol: Symbol) -> Unknown:
    """Why something imported is not known."""
    module = symbol.path.rpartition(".")[0]
    if symbol.path.startswith("builtins."):
        return Unknown(why=f"it is Python's {symbol.name}")
    return Unknown(
        why=f"it is imported from {module}, which is not executed" if module else f"it is the module {symbol.path}"
    )
