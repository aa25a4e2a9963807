"""Random configuration files: valid Python of assignments, conditions, loops, functions and exceptions."""

from __future__ import annotations

from random import Random

SETTINGS = ("workers", "threads", "bind", "timeout", "raw_env", "reload", "keepalive", "a", "b", "c")
_START = ("1", "2", "[]", "'t'", "{'k': [1]}", "None", "os.cpu_count()", "os.getenv('UNSET3', '7')")
_ATOMS = (
    *("1", "2", "0", "-3", "2.5", "True", "False", "None", "'x'", "'a,b'", "'8'", "[]", "[1, 2]", "('x', 3)", "{}"),
    *("{'k': 1}", "os.cpu_count()", "os.environ.get('UNSET', '5')", "os.getenv('UNSET2')", "os.environ['GIVEN']"),
    *("os.getenv('GIVEN', 'q')", *SETTINGS),
)
_METHODS = (
    *("upper()", "strip()", "split(',')", "append(1)", "copy()", "get('k')", "pop()", "format(1)", "join(['a', 'b'])"),
    *("startswith('x')", "extend([3])", "update({'z': 2})", "count(1)", "sort()"),
)
_FUNCTIONS = (
    *("int", "str", "float", "bool", "len", "max", "min", "sum", "list", "tuple", "sorted", "round", "abs", "repr"),
    *("set", "dict", "any", "all", "helper"),
)


class Programs:
    """Makes files from a source of chance."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def expression(self, depth: int = 0) -> str:
        pick = self._chance.choice
        if depth > 3 or self._chance.random() < 0.25:
            return pick(_ATOMS)
        one, other = self.expression(depth + 1), self.expression(depth + 1)
        forms = (
            lambda: f"({one} {pick(('+', '-', '*', '/', '//', '%', '|', '&', '>>'))} {other})",
            lambda: f"({one} {pick(('==', '!=', '<', '>', '<=', '>=', 'in', 'not in', 'is'))} {other})",
            lambda: f"({one} {pick(('and', 'or'))} {other})",
            lambda: f"({one} if {other} else {self.expression(depth + 1)})",
            lambda: f"'%s-%s' % ({one}, {other})",
            lambda: f"{pick(_FUNCTIONS)}({one})",
            lambda: f"{pick(('max', 'min', 'round', 'int', 'divmod'))}({one}, {other})",
            lambda: f"({one}).{pick(_METHODS)}",
            lambda: f"[{one}, {other}]",
            lambda: f"{{'k': {one}, 'l': {other}}}",
            lambda: f"({one})[{pick(('0', '-1', repr('k'), '1:', '::-1'))}]",
            lambda: f"[i for i in {one}]",
            lambda: f"(lambda x, y=2: x)({one})",
            lambda: f"(not {one})",
            lambda: f"'{{}}:{{}}'.format({one}, {other})",
            lambda: f"isinstance({one}, {pick(('int', 'str', '(int, float)', 'list'))})",
        )
        return pick(forms)()

    def statement(self, indent: int = 0, *, in_loop: bool = False, in_function: bool = False) -> list[str]:
        pad, pick = "    " * indent, self._chance.choice
        name, other, value = pick(SETTINGS), pick(SETTINGS), self.expression(indent)
        plain = [f"{pad}{name} = {value}"]
        kind = self._chance.randrange(16)
        if kind < 5 or indent > 3:
            return plain

        def block() -> list[str]:
            again = range(self._chance.randint(1, 2))
            inner = [self.statement(indent + 1, in_loop=in_loop or kind == 9, in_function=in_function) for _ in again]
            return [line for lines in inner for line in lines]

        match kind:
            case 5:
                return [f"{pad}{name} {pick(('+=', '*=', '-=', '|='))} {value}"]
            case 6:
                return [f"{pad}{name}, {other} = {value}, {self.expression(2)}"]
            case 7:
                return [f"{pad}{name} = {other} = {value}"]
            case 8:
                return [f"{pad}if {value}:", *block(), f"{pad}else:", *block()]
            case 9:
                items = pick(("range(3)", "[1, 2]", "('a', 'b')", "{'q': 1}", value))
                return [f"{pad}for {name} in {items}:", *block()]
            case 10:
                kinds = pick(("Exception", "ValueError", "(KeyError, TypeError)", "ZeroDivisionError"))
                return [f"{pad}try:", *block(), f"{pad}except {kinds}:", *block()]
            case 11:
                return [f"{pad}{name}.{pick(('append(4)', 'extend([1])', 'update({1: 2})', 'clear()', 'pop()'))}"]
            case 12:
                return [f"{pad}{name}[{pick(('0', repr('k'), '1'))}] = {value}"]
            case 13 if in_loop:
                return [f"{pad}if {value}: {pick(('break', 'continue'))}"]
            case 14 if in_function:
                return [f"{pad}return {value}"]
            case 15:
                return [f"{pad}globals()['{name}'] = {value}"]
        return plain

    def start(self) -> list[str]:
        """Every name bound, and a helper function."""
        lines = ["import os", *(f"{name} = {self._chance.choice(_START)}" for name in SETTINGS), "def helper(x):"]
        return [*lines, *self.statement(1, in_function=True), *self.statement(1, in_function=True), "    return x"]
