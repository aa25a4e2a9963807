"""What a shell knows at one point of a script: variables, arrays, arguments, the directory; saved, restored, merged."""

from __future__ import annotations

from collections.abc import Sequence

from gunicorn_conf.read.launch import Setting
from gunicorn_conf.read.word import Word, one_of
from gunicorn_conf.value import Known, Value

Saved = tuple[dict[str, Value], set[str], "Sequence[Word] | None", "str | None", "dict[str, Sequence[Word] | None]"]


class ShellState:
    """The state of the shell; the scope of its words (see shell_words.Scope)."""

    def __init__(self, setting: Setting) -> None:
        self.arguments: Sequence[Word] | None = setting.arguments
        self.directory = setting.directory
        self._setting = setting
        self._variables: dict[str, Value] = {}
        self._arrays: dict[str, Sequence[Word] | None] = {}
        self._exported = set(setting.environment) | set(setting.given)
        self._exports_all = False

    def variable(self, name: str) -> Value | None:
        """What a variable holds here."""
        if name in self._variables:
            return self._variables[name]
        return self._setting.variable(name)

    def array(self, name: str) -> Sequence[Word] | None:
        """The words of an array, where they are known."""
        return self._arrays.get(name)

    def assign(self, name: str, value: Value) -> None:
        """Set a variable."""
        self._variables[name] = value
        if self._exports_all:
            self._exported.add(name)

    def _saved(self) -> Saved:
        return dict(self._variables), set(self._exported), self.arguments, self.directory, dict(self._arrays)

    def _restore(self, state: Saved) -> None:
        variables, exported, self.arguments, self.directory, arrays = state
        self._variables, self._exported, self._arrays = dict(variables), set(exported), dict(arrays)

    def _merge(self, states: Sequence[Saved]) -> None:
        """What holds after branches of which any may have been taken."""
        if not states:
            return
        if len(states) == 1:
            self._restore(states[0])
            return
        names = {name for state in states for name in state[0]}
        merged: dict[str, Value] = {}
        for name in names:
            found = [state[0].get(name) or self._setting.variable(name) for state in states]
            # Not set in one of the branches: what it is there is an empty text.
            merged[name] = one_of(value if value is not None else Known(value="") for value in found)
        self._variables = merged
        self._exported = {name for state in states for name in state[1]}
        first = states[0]
        self.arguments = first[2] if all(state[2] is first[2] or state[2] == first[2] for state in states) else None
        # Words that only one branch adds may be there or not.
        arrays = {name for state in states for name in state[4]}
        self._arrays = {
            name: first[4].get(name) if all(state[4].get(name) == first[4].get(name) for state in states) else None
            for name in arrays
        }
        self.directory = first[3] if all(state[3] == first[3] for state in states) else None


def changed(directory: str | None, target: Word | None) -> str | None:
    """The working directory after ``cd``."""
    from posixpath import join, normpath

    path = target.known if target is not None else None
    if path is None or path == "-" or path.startswith("~"):
        return None
    if path.startswith("/") or directory is None:
        return normpath(path) if path else directory
    return normpath(join(directory, path))
