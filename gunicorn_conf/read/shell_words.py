"""Expands the words of a shell command: quotes, variables, arithmetic, the commands that count CPUs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from gunicorn_conf.read.arithmetic import evaluate
from gunicorn_conf.read.templates import GAP
from gunicorn_conf.read.text import Text
from gunicorn_conf.read.word import Word, converted, joined, one_of
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, Value

_NAME = re.compile(r"[A-Za-z_]\w*")
_PARAMETER = re.compile(r"(?P<name>[A-Za-z_]\w*|\d+|[@*#?$!-])(?P<index>\[[@*]\])?(?P<operator>:?[-=+?]|%%?|##?)?")
_ALL_ARGUMENTS = re.compile(r'"\$(@|\{@\})"')
_WHOLE_ARRAY = re.compile(r'"\$\{(?P<name>[A-Za-z_]\w*)\[[@*]\]\}"')
_SPACES = " \t\n"
# What a backslash protects within double quotes (POSIX shell, 2.2.3).
_ESCAPED_IN_QUOTES = '$`"\\\n'
_DEEPEST = 20
# Commands that print the number of CPUs; what they print is what cpu_count() counts, or less by affinity.
_COUNTS_CPUS = re.compile(
    r"nproc(\s+--all)?|getconf\s+_NPROCESSORS_(ONLN|CONF)|grep\s+(-c\s+[\"']?\^?processor[\"']?\s+/proc/cpuinfo"
    r"|[\"']?\^?processor[\"']?\s+/proc/cpuinfo\s*\|\s*wc\s+-l)|sysctl\s+-n\s+hw\.(logical)?(ncpu|cpu)"
    r"|cat\s+/proc/cpuinfo\s*\|\s*grep\s+-c\s+[\"']?\^?processor[\"']?"
)
_PYTHON_COUNTS = re.compile(
    r"python[\d.]*\s+-c\s+(?P<quote>[\"'])\s*(from|import)\s+[\w\s,.]+;\s*print\((?P<expression>.*)\)\s*;?\s*(?P=quote)"
)
_CPU_COUNT = re.compile(r"(\w+\.)?cpu_count\(\)")
_FINDS_PROGRAM = re.compile(r"(which|command\s+-v|type\s+-p)\s+(?P<program>[\w./-]+)")


class Scope(Protocol):
    """What a shell knows while it expands a word."""

    @property
    def arguments(self) -> Sequence[Word] | None:
        """``"$@"``, where it is known."""

    @property
    def directory(self) -> str | None:
        """The working directory, where it is known."""

    def variable(self, name: str) -> Value | None:
        """What a variable holds; None where it is not set."""

    def array(self, name: str) -> Sequence[Word] | None:
        """The words of an array, where they are known."""

    def assign(self, name: str, value: Value) -> None:
        """Set a variable, as ``${NAME:=value}`` does."""


def expand(text: Text, scope: Scope, depth: int = 0) -> list[Word]:
    """The words that a shell makes of this text, which holds no operators."""
    return _Expander(text, scope, depth).words()


def expand_with_gaps(text: Text, scope: Scope) -> str:
    """As expand_to_one, with a gap for each part that is not known."""
    return _Expander(text, scope, 0).with_gaps()


def expand_to_one(text: Text, scope: Scope, depth: int = 0) -> Value:
    """The value of this text where a shell splits nothing, as in an assignment."""
    return _Expander(text, scope, depth).value()


class _Expander:
    def __init__(self, text: Text, scope: Scope, depth: int) -> None:
        self._source = text
        self._text = text.text
        self._scope = scope
        self._depth = depth
        self._at = 0
        self._words: list[Word] = []
        self._begin()

    def _begin(self) -> None:
        self._parts: list[Value] = []
        self._literal: list[str] = []
        self._spans: list[tuple[int, int]] | None = []
        self._started: int | None = None
        self._quoted = False
        self._loose = False
        """Whether the word may turn out to be none or several."""

    def words(self) -> list[Word]:
        """Split on unquoted spaces."""
        while self._at < len(self._text):
            if self._text[self._at] in _SPACES:
                self._end()
                self._at += 1
            else:
                self._unquoted(splitting=True)
        self._end()
        return self._words

    def value(self) -> Value:
        """Take the whole as one word."""
        while self._at < len(self._text):
            self._unquoted(splitting=False)
        self._flush()
        return joined(self._parts) if self._parts else Known(value="")

    def with_gaps(self) -> str:
        """Take the whole as one word, with gaps for what is not known."""
        self.value()
        return "".join(str(part.value) if isinstance(part, Known) else GAP for part in self._parts)

    # One piece of a word at a time

    def _unquoted(self, *, splitting: bool) -> None:
        text, at = self._text, self._at
        if self._started is None and text[at : at + 2] != "\\\n":
            self._started = at
        char = text[at]
        if char == "\\":
            if text[at + 1 : at + 2] == "\n":
                self._at += 2
                return
            self._quoted = True
            self._add(min(at + 1, len(text) - 1), min(at + 2, len(text)))
            self._at = at + 2
        elif char == "'":
            end = text.find("'", at + 1)
            end = len(text) if end < 0 else end
            self._quoted = True
            self._add(at + 1, end)
            self._at = end + 1
        elif char == '"' and (all_arguments := _ALL_ARGUMENTS.match(text, at)) and self._alone(all_arguments.end()):
            self._at = all_arguments.end()
            self._splice(self._scope.arguments or ())
        elif char == '"' and (array := _WHOLE_ARRAY.match(text, at)):
            self._at = array.end()
            self._array(array["name"], whole=True)
        elif char == '"':
            self._quoted = True
            self._at += 1
            self._double_quoted()
        elif char == "$" and text[at + 1 : at + 2] == "'":
            self._ansi()
        elif char == "$" and text[at + 1 : at + 2] == '"':
            self._at += 1
        elif char in "$`":
            self._expansion(quoted=not splitting)
        elif char == GAP:
            self._template()
        else:
            self._add(at, at + 1)
            self._at += 1

    def _alone(self, end: int) -> bool:
        """Whether ``"$@"`` up to here is a word of its own, and known."""
        if self._scope.arguments is None or self._parts or self._literal:
            return False
        return end >= len(self._text) or self._text[end] in _SPACES

    def _splice(self, arguments: Sequence[Word]) -> None:
        """Take the words themselves, which keep their places: ``exec "$@"``."""
        self._words.extend(arguments)
        self._begin()

    def _double_quoted(self) -> None:
        text = self._text
        while self._at < len(text) and text[self._at] != '"':
            at = self._at
            char = text[at]
            if char == "\\" and text[at + 1 : at + 2] and text[at + 1] in _ESCAPED_IN_QUOTES:
                if text[at + 1] != "\n":
                    self._add(at + 1, at + 2)
                self._at += 2
            elif char in "$`":
                self._expansion(quoted=True)
            elif char == GAP:
                self._template()
            else:
                self._add(at, at + 1)
                self._at += 1
        self._at += 1

    def _ansi(self) -> None:
        """``$'...'`` with its escapes, of which only the common ones are read."""
        text = self._text
        self._quoted = True
        self._at += 2
        while self._at < len(text) and text[self._at] != "'":
            if text[self._at] == "\\" and self._at + 1 < len(text):
                escaped = _ANSI_ESCAPES.get(text[self._at + 1])
                self._at += 2
                if escaped is None:
                    self._fill(Unknown(why="it is written with an escape that is not read"))
                else:
                    self._fill(Known(value=escaped))
            else:
                self._add(self._at, self._at + 1)
                self._at += 1
        self._at += 1

    def _template(self) -> None:
        while self._at < len(self._text) and self._text[self._at] == GAP:
            self._at += 1
        self._fill(Unknown(why="it is filled in from outside"))

    def _expansion(self, *, quoted: bool) -> None:
        text, at = self._text, self._at
        if text[at] == "`":
            end = text.find("`", at + 1)
            end = len(text) if end < 0 else end
            self._at = end + 1
            self._put(self._command(text[at + 1 : end].replace("\\`", "`").replace("\\$", "$")), quoted)
        elif text.startswith("$((", at) and (closed := _closing(text, at + 1, "(", ")")) and text[closed - 1] == ")":
            self._at = closed + 1
            self._put(self._arithmetic(at + 3, closed - 1), quoted)
        elif text.startswith("$(", at):
            end = _closing(text, at + 1, "(", ")") or len(text)
            self._at = end + 1
            self._put(self._command(text[at + 2 : end]), quoted)
        elif text.startswith("${", at):
            end = _closing(text, at + 1, "{", "}") or len(text)
            self._at = end + 1
            self._parameter(at + 2, end, quoted)
        else:
            self._simple(quoted)

    def _simple(self, quoted: bool) -> None:
        text, at = self._text, self._at
        match = _NAME.match(text, at + 1)
        if match:
            self._at = match.end()
            self._put(self._variable(match[0]), quoted)
        elif text[at + 1 : at + 2] and text[at + 1] in "@*#?$!-0123456789":
            self._at = at + 2
            self._special(text[at + 1], quoted)
        else:
            self._add(at, at + 1)
            self._at += 1

    def _special(self, name: str, quoted: bool) -> None:
        arguments = self._scope.arguments
        if name in "@*":
            if arguments is None:
                self._fill(Unknown(why="the script's arguments are not known"))
                self._loose = name == "@" or not quoted
            elif not quoted and not self._parts and not self._literal:
                self._splice(arguments)
            else:
                for index, word in enumerate(arguments):
                    if index:
                        self._fill(Known(value=" "))
                    self._fill(word.value)
        else:
            self._put(self._positional(name), quoted)

    def _positional(self, name: str) -> Value:
        arguments = self._scope.arguments
        if arguments is None or name in "?$!-" or name == "0":
            return Unknown(why=f"${name} is not known")
        if name == "#":
            return Known(value=str(len(arguments)))
        index = int(name)
        return arguments[index - 1].value if index <= len(arguments) else Known(value="")

    def _variable(self, name: str) -> Value:
        value = self._scope.variable(name)
        return Unknown(why=f"the variable {name} is not given") if value is None else value

    def _parameter(self, start: int, end: int, quoted: bool) -> None:
        text = self._text[start:end]
        match = _PARAMETER.match(text)
        if match is None or self._depth > _DEEPEST:
            self._put(Unknown(why=f"${{{text}}} is not evaluated"), quoted)
            return
        name, operator = match["name"], match["operator"] or ""
        if name in "@*" and not operator and match.end() == len(text):
            self._special(name, quoted)
            return
        value: Value | None
        if match["index"]:
            self._array(name, whole=match.end() == len(text))
            return
        if name in "@*":
            value = Unknown(why=f"${{{text}}} is not evaluated")
        elif name.isdigit() or name in "#?$!-":
            known = self._scope.arguments is not None and name.isdigit()
            value = self._positional(name) if known or not operator else None
            if known and operator and int(name) > len(self._scope.arguments or ()):
                value = None
        else:
            value = self._scope.variable(name)
        if not operator:
            whole = match.end() == len(text)
            if value is None:
                value = Unknown(why=f"the variable {name} is not given")
            self._put(value if whole else Unknown(why=f"${{{text}}} is not evaluated"), quoted)
            return
        argument = self._source.part(start + match.end(), end)
        self._put(self._operated(name, operator, value, argument), quoted)

    def _array(self, name: str, *, whole: bool) -> None:
        """``${NAME[@]}``: the words of an array, where they are known."""
        words = self._scope.array(name) if whole else None
        if words is None:
            self._fill(Unknown(why=f"the array {name} is not known"))
            self._loose = True
        elif not self._parts and not self._literal:
            self._words.extend(words)
            self._begin()
        else:
            self._fill(Unknown(why=f"the array {name} is joined with something"))

    def _operated(self, name: str, operator: str, value: Value | None, argument: Text) -> Value:
        def other() -> Value:
            return expand_to_one(argument, self._scope, self._depth + 1)

        if operator[-1] in "%#":
            return self._trimmed(name, operator, value, other())
        if isinstance(value, OneOf):
            return one_of(self._operated(name, operator, one, argument) for one in value.values)
        given = value is not None and not (operator[0] == ":" and isinstance(value, Known) and value.value == "")
        kind = operator[-1]
        if kind == "+":
            if isinstance(value, Unknown):
                return one_of((Known(value=""), other()))
            return other() if given else Known(value="")
        if given:
            assert value is not None
            return value
        if kind == "?":
            return Unknown(why=f"the variable {name} is not given")
        found = other()
        if kind == "=":
            self._scope.assign(name, found)
        return found

    @staticmethod
    def _trimmed(name: str, operator: str, value: Value | None, pattern: Value) -> Value:
        if value is None:
            return Unknown(why=f"the variable {name} is not given")
        if not isinstance(pattern, Known) or not isinstance(pattern.value, str):
            return Unknown(why=f"${{{name}{operator}...}} is not evaluated")
        return converted(value, _trimming(operator, pattern.value))

    def _arithmetic(self, start: int, end: int) -> Value:
        if self._depth > _DEEPEST:
            return Unknown(why="it is nested too deeply")
        inner = self._source.part(start, end)
        text = expand_to_one(inner.made(inner.text.replace('"', "")), self._scope, self._depth + 1)
        value = converted(text, lambda formula: self._evaluated(formula))
        if isinstance(value, PerHost):
            return replace(value, expression=f"$(({inner.text}))")
        if isinstance(value, Known) and not str(value.value).lstrip("-").isdigit():
            return Unknown(why=f"$(({inner.text})) is not evaluated")
        return value

    def _evaluated(self, formula: str) -> str:
        def number(name: str) -> int:
            value = self._scope.variable(name)
            if value is None:
                return 0
            if isinstance(value, Known):
                return int(str(value.value) or "0", 0)
            raise ValueError(name)

        return str(evaluate(formula, number))

    def _command(self, text: str) -> Value:
        """What a command prints, for the few that matter."""
        command = text.strip()
        if _COUNTS_CPUS.fullmatch(command):
            return PerHost(expression=f"$({command})", at=str)
        match = _PYTHON_COUNTS.fullmatch(command)
        if match:
            formula = match["expression"].removeprefix("int(").rstrip(")") if "int(" in command else match["expression"]
            return _counted_by_python(match["expression"], command, formula)
        match = _FINDS_PROGRAM.fullmatch(command)
        if match:
            return Known(value=match["program"])
        if command == "pwd" and self._scope.directory is not None:
            return Known(value=self._scope.directory)
        if self._depth > _DEEPEST or any(char in command for char in "|;&<>\n"):
            return Unknown(why=f"$({_short(command)}) is not executed")
        words = expand(self._source.made(command), self._scope, self._depth + 1)
        if words and words[0].known in ("echo", "expr", "printf") and not any(word.splits for word in words):
            rest = [part for word in words[1:] for part in (Known(value=" "), word.value)][1:]
            value = joined(rest) if rest else Known(value="")
            if words[0].known == "expr":
                counted = converted(value, lambda formula: str(evaluate(formula, _no_names)))
                return replace(counted, expression=f"$({command})") if isinstance(counted, PerHost) else counted
            if words[0].known == "echo" and len(words) > 1 and not (words[1].known or "").startswith("-"):
                return value
        return Unknown(why=f"$({_short(command)}) is not executed")

    # Building words

    def _add(self, start: int, end: int) -> None:
        """Characters of the source that stand for themselves."""
        self._literal.append(self._text[start:end])
        if self._spans is not None:
            self._spans.append((start, end))

    def _flush(self) -> None:
        if self._literal:
            self._parts.append(Known(value="".join(self._literal)))
            self._literal = []

    def _fill(self, value: Value) -> None:
        """A value that something else gives."""
        self._spans = None
        self._flush()
        self._parts.append(value)

    def _put(self, value: Value, quoted: bool) -> None:
        """An expansion's value, split at spaces where it is not quoted."""
        if quoted:
            self._fill(value)
            return
        if isinstance(value, OneOf):
            kept = [one for one in value.values if not (isinstance(one, Known) and _divides(one))]
            if len(kept) < len(value.values):
                self._loose = True
                value = Unknown(why="it may stand for any number of words")
        if not isinstance(value, Known):
            if isinstance(value, Unknown):
                self._loose = True
            self._fill(value)
            return
        text = str(value.value)
        if not _divides(value):
            self._fill(value)
            return
        if not text:
            return
        written = self._started
        if text[0] in _SPACES:
            self._end()
        for index, part in enumerate(text.split()):
            if index:
                self._end()
            self._started = written
            self._fill(Known(value=part))
        if text[-1] in _SPACES:
            self._end()

    def _end(self) -> None:
        """Finish the word that is being built, if there is one."""
        self._flush()
        nothing = not self._parts or all(isinstance(part, Known) and part.value == "" for part in self._parts)
        if self._started is not None and (not nothing or self._quoted):
            value = joined(self._parts) if self._parts else Known(value="")
            end = max(min(self._at, len(self._text)), self._started)
            source = self._source.part(self._started, end)
            inner: Text | None = None
            if isinstance(value, Known):
                if self._spans is not None and self._source.whole is None:
                    inner = self._source.joined(_merged(self._spans)) if self._spans else source.made("")
                else:
                    inner = source.made(str(value.value))
            loose = self._loose and len(self._parts) == 1 and isinstance(value, Unknown)
            self._words.append(Word(value=value, text=source.written, place=source.place(), inner=inner, splits=loose))
        self._begin()


_ANSI_ESCAPES: Mapping[str, str] = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "e": "\x1b"}


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _divides(value: Known) -> bool:
    """Whether an unquoted value is not exactly one word."""
    text = str(value.value)
    return not text or any(char in _SPACES for char in text)


def _closing(text: str, start: int, opening: str, closing: str) -> int | None:
    """The index of the bracket that closes the one at ``start``; None where there is none."""
    depth = 0
    quote = ""
    index = start
    while index < len(text):
        char = text[index]
        if char == "\\" and quote != "'":
            index += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if not depth:
                return index
        index += 1
    return None


def _trimming(operator: str, pattern: str) -> Callable[[str], str]:
    """``%`` and ``#`` and their doubles: cut the shortest or longest match off the end or the beginning."""

    def trim(text: str) -> str:
        from fnmatch import fnmatchcase

        lengths = range(len(text) + 1) if len(operator) == 1 else range(len(text), -1, -1)
        for length in lengths:
            if operator[0] == "%" and fnmatchcase(text[len(text) - length :], pattern):
                return text[: len(text) - length]
            if operator[0] == "#" and fnmatchcase(text[:length], pattern):
                return text[length:]
        return text

    return trim


def _counted_by_python(expression: str, command: str, formula: str) -> Value:
    if not _CPU_COUNT.search(expression):
        return Unknown(why=f"$({_short(command)}) is not executed")

    def at(cpus: int) -> str:
        return str(evaluate(_CPU_COUNT.sub(str(cpus), formula), _no_names))

    try:
        at(1)
    except ValueError:
        return Unknown(why=f"$({_short(command)}) is not executed")
    return PerHost(expression=f"$({command})", at=at)


def _no_names(name: str) -> int:
    raise ValueError(name)


def _short(text: str, most: int = 40) -> str:
    first = text.partition("\n")[0]
    return first if len(first) <= most else first[: most - 3] + "..."
