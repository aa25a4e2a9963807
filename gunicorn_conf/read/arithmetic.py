"""Evaluates a shell's arithmetic, ``2 * 4 + 1``, on whole numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|\d+)|(?P<name>[A-Za-z_]\w*)|(?P<operator>//|[<>=!]=|[-+*/%()<>]))"
)
# Higher binds tighter.
_PRECEDENCE = {"==": 1, "!=": 1, "<": 2, ">": 2, "<=": 2, ">=": 2, "+": 3, "-": 3, "*": 4, "/": 4, "%": 4, "//": 4}
# Formulas of people are short, and a number of workers has no twenty digits.
_LONGEST = 200
_LARGEST = 1 << 63


def evaluate(formula: str, number: Callable[[str], int]) -> int:
    """The value of a formula; ``number`` gives that of a name.

    Raises ValueError for what is no such formula, is too long or too large, or divides by zero.
    """
    if len(formula) > _LONGEST:
        raise ValueError("too long")
    tokens = _tokens(formula)
    value, rest = _expression(tokens, 0, 1, number)
    if rest != len(tokens):
        raise ValueError(formula)
    return value


def _tokens(formula: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    end = len(formula.rstrip())
    while at < end:
        match = _TOKEN.match(formula, at)
        if match is None:
            raise ValueError(formula)
        kind = match.lastgroup or ""
        tokens.append((kind, match[kind]))
        at = match.end()
    return tokens


def _expression(tokens: list[tuple[str, str]], at: int, lowest: int, number: Callable[[str], int]) -> tuple[int, int]:
    left, at = _operand(tokens, at, number)
    while at < len(tokens):
        precedence = _PRECEDENCE.get(tokens[at][1], 0)
        if precedence < lowest:
            break
        operator = tokens[at][1]
        right, at = _expression(tokens, at + 1, precedence + 1, number)
        left = _applied(operator, left, right)
        if abs(left) > _LARGEST:
            raise ValueError("too large")
    return left, at


def _operand(tokens: list[tuple[str, str]], at: int, number: Callable[[str], int]) -> tuple[int, int]:
    if at >= len(tokens):
        raise ValueError("ends too early")
    kind, text = tokens[at]
    if kind == "number":
        if len(text) > len(str(_LARGEST)):
            raise ValueError("too large")
        # A leading zero is octal, as in the shell.
        return (int(text, 8) if text.isdigit() and text[0] == "0" else int(text, 0)), at + 1
    if kind == "name":
        return number(text), at + 1
    if text == "(":
        value, at = _expression(tokens, at + 1, 1, number)
        if at >= len(tokens) or tokens[at][1] != ")":
            raise ValueError("unclosed bracket")
        return value, at + 1
    if text in "+-":
        value, at = _operand(tokens, at + 1, number)
        return (-value if text == "-" else value), at
    raise ValueError(text)


def _applied(operator: str, left: int, right: int) -> int:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/" | "//" | "%":
            if not right:
                raise ValueError("division by zero")
            quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
            return left - quotient * right if operator == "%" else quotient
        case "<":
            return int(left < right)
        case ">":
            return int(left > right)
        case "<=":
            return int(left <= right)
        case ">=":
            return int(left >= right)
        case "==":
            return int(left == right)
        case _:
            return int(left != right)
