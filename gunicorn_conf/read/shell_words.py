"""Expands the words of a shell command: quotes, variables, arithmetic, the commands that count CPUs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gunicorn_conf.read.arithmetic import evaluate
from gunicorn_conf.read.shell_printed import counted_or_found, no_names, shortened
from gunicorn_conf.read.shell_scope import Scope
from gunicorn_conf.read.shell_text import closed_at, trimming
from gunicorn_conf.read.templates import GAP
from gunicorn_conf.read.text import Text
from gunicorn_conf.read.word import Word, converted, joined, one_of
from gunicorn_conf.read.word_builder import SPACES, WordBuilder
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, Value

_NAME = re.compile(r"[A-Za-z_]\w*")
_PARAMETER = re.compile(r"(?P<name>[A-Za-z_]\w*|\d+|[@*#?$!-])(?P<index>\[[@*]\])?(?P<operator>:?[-=+?]|%%?|##?)?")
_ALL_ARGUMENTS = re.compile(r'"\$(@|\{@\})"')
_WHOLE_ARRAY = re.compile(r'"\$\{(?P<name>[A-Za-z_]\w*)\[[@*]\]\}"')
# What a backslash protects within double quotes (POSIX shell, 2.2.3).
_ESCAPED_IN_QUOTES = '$`"\\\n'
_DEEPEST = 20


def expand(text: Text, scope: Scope, depth: int = 0) -> list[Word]:
    """The words that a shell makes of this text, which holds no operators."""
    return _Expander(text, scope, depth).words()


def expand_with_gaps(text: Text, scope: Scope) -> str:
    """As expand_to_one, with a gap for each part that is not known."""
    return _Expander(text, scope, 0).with_gaps()


def expand_to_one(text: Text, scope: Scope, depth: int = 0) -> Value:
    """The value of this text where a shell splits nothing, as in an assignment."""
    return _Expander(text, scope, depth).value()


class _Expander(WordBuilder):
    def __init__(self, text: Text, scope: Scope, depth: int) -> None:
        super().__init__(text)
        self._scope = scope
        self._depth = depth

    def words(self) -> list[Word]:
        """Split on unquoted spaces."""
        while self._at < len(self._text):
            if self._text[self._at] in SPACES:
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
        return end >= len(self._text) or self._text[end] in SPACES

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
        elif text.startswith("$((", at) and (closed := closed_at(text, at + 1, "(", ")")) and text[closed - 1] == ")":
            self._at = closed + 1
            self._put(self._arithmetic(at + 3, closed - 1), quoted)
        elif text.startswith("$(", at):
            end = closed_at(text, at + 1, "(", ")") or len(text)
            self._at = end + 1
            self._put(self._command(text[at + 2 : end]), quoted)
        elif text.startswith("${", at):
            end = closed_at(text, at + 1, "{", "}") or len(text)
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
        return converted(value, trimming(operator, pattern.value))

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
        told = counted_or_found(command)
        if told is not None:
            return told
        if command == "pwd" and self._scope.directory is not None:
            return Known(value=self._scope.directory)
        if self._depth > _DEEPEST or any(char in command for char in "|;&<>\n"):
            return Unknown(why=f"$({shortened(command)}) is not executed")
        words = expand(self._source.made(command), self._scope, self._depth + 1)
        if words and words[0].known in ("echo", "expr", "printf") and not any(word.splits for word in words):
            rest = [part for word in words[1:] for part in (Known(value=" "), word.value)][1:]
            value = joined(rest) if rest else Known(value="")
            if words[0].known == "expr":
                counted = converted(value, lambda formula: str(evaluate(formula, no_names)))
                return replace(counted, expression=f"$({command})") if isinstance(counted, PerHost) else counted
            if words[0].known == "echo" and len(words) > 1 and not (words[1].known or "").startswith("-"):
                return value
        return Unknown(why=f"$({shortened(command)}) is not executed")


_ANSI_ESCAPES: Mapping[str, str] = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "e": "\x1b"}
