"""Reads a logging dictionary as far as it is written down, even where parts of it are computed."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Source
from gunicorn_conf.rules.subject import ConfFile, Subject
from gunicorn_conf.value import Literal, certain


class _Unknown:
    """Stands for what cannot be told; as a key it says that there may be others."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()
# Deep enough for any logging configuration; a file is free to nest its dictionaries further.
_DEEPEST = 8


def logging_dictionary(subject: Subject, one: Assigned) -> Mapping[Literal, Literal] | None:
    """The value as a dictionary, with UNKNOWN where it is computed; None where it is none or nothing is known."""
    value = certain(one.value)
    if value is not None:
        return value[0] if isinstance(value[0], dict) and value[0] else None
    if subject.conf is None or one.source is not Source.FILE or one.conditional or not one.replaceable:
        return None
    node = _bound(subject.conf, one.name)
    if isinstance(node, ast.Name):
        node = _bound(subject.conf, node.id)
    found = _partial(node, _DEEPEST) if isinstance(node, ast.Dict) else None
    return found if isinstance(found, dict) and found else None


def _bound(conf: ConfFile, name: str) -> ast.expr | None:
    """What the file binds the name to, None unless that is done once, at its top level, and never changed."""
    if conf.tree is None:
        return None
    found: list[ast.expr] = []
    uses = 0
    for node in ast.walk(conf.tree):
        if isinstance(node, ast.Name) and node.id == name:
            uses += isinstance(node.ctx, ast.Store)
        if (
            isinstance(node, (ast.Subscript, ast.Attribute))
            and isinstance(node.value, ast.Name)
            and node.value.id == name
        ):
            # logconfig_dict["handlers"]["file"] = ..., logconfig_dict.update(...)
            return None
    for statement in conf.tree.body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            found.append(value)
    return found[0] if len(found) == 1 and uses == 1 else None


def _partial(node: ast.expr | None, depth: int) -> Literal:
    if isinstance(node, ast.Constant):
        return node.value
    if depth == 0:
        return UNKNOWN
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_partial(element, depth - 1) for element in node.elts]
    if isinstance(node, ast.Dict):
        found: dict[Literal, Literal] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            # "**others" has no key.
            name = key.value if isinstance(key, ast.Constant) else UNKNOWN
            found[name] = _partial(value, depth - 1)
        return found
    return UNKNOWN
