"""Walks a shell script in the order in which it runs, and follows each command that may start Gunicorn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gunicorn_conf.read.launch import Setting, launch
from gunicorn_conf.read.options import LONGEST_COMMAND_CHARACTERS
from gunicorn_conf.read.shell_grammar import clauses, parsed
from gunicorn_conf.read.shell_nodes import ShellNodes
from gunicorn_conf.read.shell_state import Saved, changed
from gunicorn_conf.read.shell_tests import decide, matches
from gunicorn_conf.read.shell_words import expand_to_one
from gunicorn_conf.read.templates import without_templates
from gunicorn_conf.read.text import Text
from gunicorn_conf.read.word import Word, one_of
from gunicorn_conf.rules.subject import Command, Signals
from gunicorn_conf.value import Unknown, Value

if TYPE_CHECKING:
    from tree_sitter import Node

# A script of people has a few hundred lines; what is larger is data, or an installer with an archive in it. The
# grammar's recovery from errors takes time with the square of the length: 400 kB of "%(" took 40 s.
LARGEST_CHARACTERS = 40 * 1024
_DEEPEST = 40
_MOST_STEPS = 20_000
_MOST_COMMANDS = 50
_STATEMENT_GROUPS = frozenset({"program", "compound_statement", "do_group", "else_clause", "subshell"})
_SIGNALS_THAT_STOP = frozenset({"TERM", "SIGTERM", "15", "INT", "SIGINT", "EXIT", "0"})


def run(text: Text, setting: Setting, *, is_script: bool = False) -> list[Command]:
    """Every Gunicorn that the script starts.

    ``is_script`` says that the text is a file and not the argument of ``sh -c``: a shell replaces itself by the last
    command of the latter, but never of the former.
    """
    if len(text.text) > (LARGEST_CHARACTERS if is_script else LONGEST_COMMAND_CHARACTERS) or "\0" in text.text:
        return []
    source = without_templates(text)
    tree = parsed(source.text)
    walk = _Walk(source, setting, is_script=is_script)
    walk.statements(tree.root_node, last=True, depth=0)
    return walk.commands


class _Walk(ShellNodes):
    """Goes through the statements in the order in which they run."""

    def __init__(self, source: Text, setting: Setting, *, is_script: bool) -> None:
        super().__init__(source, setting)
        self.commands: list[Command] = []
        self._is_script = is_script
        self._functions: dict[str, Node] = {}
        self._handles_signals = False
        self._steps = 0

    # Statements

    def statements(self, node: Node, *, last: bool, depth: int) -> None:
        """Walk the statements of a group; ``last`` says whether the group ends the script."""
        children = [child for child in node.named_children if child.type != "comment"]
        for index, child in enumerate(children):
            following = child.next_sibling
            in_background = following is not None and following.type == "&"
            self._statement(child, last=last and index == len(children) - 1, apart=in_background, depth=depth + 1)

    def _statement(self, node: Node, *, last: bool, apart: bool, depth: int) -> None:
        """Walk one statement; ``apart`` says that it runs in a process beside the shell's own."""
        self._steps += 1
        if depth > _DEEPEST or self._steps > _MOST_STEPS or len(self.commands) >= _MOST_COMMANDS:
            return
        match node.type:
            case "command":
                self._command(node, last=last, apart=apart, depth=depth)
            case "redirected_statement":
                body = node.child_by_field_name("body")
                if body is not None:
                    self._statement(body, last=last, apart=apart, depth=depth)
            case "variable_assignment" | "variable_assignments" | "declaration_command":
                self._assignments(node)
            case "list":
                self._list(node, last=last, apart=apart, depth=depth)
            case "pipeline":
                with_state = self._saved()
                for child in node.named_children:
                    self._statement(child, last=False, apart=True, depth=depth + 1)
                self._restore(with_state)
            case "subshell":
                state = self._saved()
                for child in node.named_children:
                    self._statement(child, last=False, apart=True, depth=depth + 1)
                self._restore(state)
            case "if_statement":
                self._if(node, last=last, apart=apart, depth=depth)
            case "case_statement":
                self._case(node, last=last, apart=apart, depth=depth)
            case "for_statement":
                self._for(node, apart=apart, depth=depth)
            case "while_statement":
                self._branches([self._body_of(node, apart=apart, depth=depth)], may_skip=True)
            case "function_definition":
                name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
                if name is not None and body is not None:
                    self._functions[self._text(name).text] = body
            case "unset_command":
                for word in self._words(node.named_children):
                    self._variables.pop(word.known or "", None)
            case "negated_command" | "ERROR":
                self._group(node, last=False, apart=apart, depth=depth)
            case kind if kind in _STATEMENT_GROUPS:
                self._group(node, last=last, apart=apart, depth=depth)
            case _:
                return

    def _group(self, node: Node, *, last: bool, apart: bool, depth: int) -> None:
        children = [child for child in node.named_children if child.type != "comment"]
        for index, child in enumerate(children):
            following = child.next_sibling
            background = apart or (following is not None and following.type == "&")
            self._statement(child, last=last and index == len(children) - 1, apart=background, depth=depth + 1)

    def _list(self, node: Node, *, last: bool, apart: bool, depth: int) -> None:
        """``a && b`` and ``a || b``: b may not run, but when it is read, it does."""
        left, operator, right = node.children[0], node.children[1].type, node.children[-1]
        decided = decide(self._condition(left), self) if left.type in ("test_command", "command") else None
        self._statement(left, last=False, apart=apart, depth=depth + 1)
        if decided is None:
            state = self._saved()
            self._statement(right, last=last, apart=apart, depth=depth + 1)
            if left.type in ("test_command", "negated_command") or operator == "||":
                self._merge([state, self._saved()])
        elif decided == (operator == "&&"):
            self._statement(right, last=last, apart=apart, depth=depth + 1)

    def _if(self, node: Node, *, last: bool, apart: bool, depth: int) -> None:
        branches: list[Saved] = []
        before = self._saved()
        certain = False
        for condition, body in clauses(node):
            decided = decide(self._conditions(condition), self) if condition else True
            for test in condition:
                self._statement(test, last=False, apart=apart, depth=depth + 1)
            if decided is False:
                continue
            for index, statement in enumerate(body):
                ends = last and index == len(body) - 1
                following = statement.next_sibling
                background = apart or (following is not None and following.type == "&")
                self._statement(statement, last=ends, apart=background, depth=depth + 1)
            branches.append(self._saved())
            self._restore(before)
            if decided:
                certain = True
                break
        self._merge(branches if certain else [*branches, before])

    def _case(self, node: Node, *, last: bool, apart: bool, depth: int) -> None:
        subject = node.child_by_field_name("value")
        value = expand_to_one(self._text(subject), self) if subject is not None else Unknown(why="nothing stands there")
        before = self._saved()
        branches: list[Saved] = []
        certain = False
        for item in node.named_children:
            if item.type != "case_item":
                continue
            patterns = item.children_by_field_name("value")
            decided = matches(value, [self._text(pattern).text for pattern in patterns])
            if decided is False:
                continue
            for statement in item.named_children:
                if statement not in patterns:
                    self._statement(statement, last=last, apart=apart, depth=depth + 1)
            branches.append(self._saved())
            self._restore(before)
            if decided:
                certain = True
                break
        self._merge(branches if certain else [*branches, before])

    def _for(self, node: Node, *, apart: bool, depth: int) -> None:
        name = node.child_by_field_name("variable")
        if name is not None:
            values = [word.value for word in self._words(node.children_by_field_name("value"))]
            found = one_of(values) if values else Unknown(why="a loop sets it")
            self.assign(self._text(name).text, found)
        self._branches([self._body_of(node, apart=apart, depth=depth)], may_skip=True)

    def _body_of(self, node: Node, *, apart: bool, depth: int) -> Saved:
        before = self._saved()
        body = node.child_by_field_name("body")
        if body is not None:
            self._group(body, last=False, apart=apart, depth=depth + 1)
        after = self._saved()
        self._restore(before)
        return after

    def _branches(self, branches: list[Saved], *, may_skip: bool) -> None:
        self._merge([*branches, self._saved()] if may_skip else branches)

    # Commands

    def _command(self, node: Node, *, last: bool, apart: bool, depth: int) -> None:
        prefixed: dict[str, Value] = {}
        arguments: list[Node] = []
        for child in node.named_children:
            if child.type == "variable_assignment":
                name, value = self._assignment(child)
                if name:
                    prefixed[name] = value
            elif child.type not in _REDIRECTS:
                arguments.append(child)
        words = self._words(arguments)
        if not words:
            for name, value in prefixed.items():
                self.assign(name, value)
            return
        self._run(words, prefixed, last=last, apart=apart, depth=depth)

    def _run(
        self, words: Sequence[Word], prefixed: Mapping[str, Value], *, last: bool, apart: bool, depth: int
    ) -> None:
        name = words[0].known or ""
        if name in self._functions:
            outer, self.arguments = self.arguments, words[1:]
            self._statement(self._functions[name], last=False, apart=apart, depth=depth + 5)
            self.arguments = outer
        elif name in _BUILTINS:
            self._builtin(name, words[1:], depth=depth)
        else:
            self._launch(words, prefixed, last=last, apart=apart)

    def _launch(self, words: Sequence[Word], prefixed: Mapping[str, Value], *, last: bool, apart: bool) -> None:
        replaced = words[0].known == "exec"
        started = list(words[1:]) if replaced else list(words)
        while replaced and started and (started[0].known or "").startswith("-"):
            # exec -a NAME, exec -c
            started = started[2:] if started[0].known == "-a" else started[1:]
        if not started:
            return
        environment = dict(self._setting.environment)
        for name in self._exported:
            if name in self._variables:
                environment[name] = self._variables[name]
        environment.update(prefixed)
        given = {name: value for name, value in self._setting.given.items() if name not in self._variables}
        signals = self._setting.behind(self._signals(replaced=replaced, last=last, apart=apart))
        inner = replace(
            self._setting,
            environment=environment,
            given=given,
            directory=self.directory,
            signals=signals,
            arguments=None,
            depth=self._setting.depth + 1,
        )
        self.commands.extend(launch(started, inner))

    def _signals(self, *, replaced: bool, last: bool, apart: bool) -> Signals:
        if apart:
            return Signals.UNKNOWN if self._handles_signals else Signals.BEHIND_SHELL
        if replaced:
            return Signals.DIRECT
        if self._is_script or not last or self._handles_signals:
            return Signals.UNKNOWN if self._handles_signals else Signals.BEHIND_SHELL
        # The last command of `sh -c`: bash and zsh replace themselves by it; dash 0.5.12 (Debian 12) does not, which
        # was observed; busybox was not tried.
        match self._setting.shell:
            case "bash" | "zsh":
                return Signals.DIRECT
            case "dash":
                return Signals.BEHIND_SHELL
            case _:
                return Signals.UNKNOWN

    def _builtin(self, name: str, words: Sequence[Word], *, depth: int) -> None:
        match name:
            case "cd" | "pushd":
                self.directory = changed(self.directory, words[0] if words else None)
            case "set":
                self._set(words)
            case "shift":
                count = int(words[0].known or "1") if words and (words[0].known or "").isdigit() else 1
                if self.arguments is not None:
                    self.arguments = self.arguments[count:]
            case "trap":
                stops = any((word.known or "").upper() in _SIGNALS_THAT_STOP for word in words[1:])
                self._handles_signals = self._handles_signals or stops
            case "eval":
                known = [word.known for word in words]
                if all(text is not None for text in known) and words:
                    text = words[0].inner or Text("", words[0].place.path, whole=words[0].place)
                    line = text if len(words) == 1 else text.made(" ".join(text or "" for text in known))
                    self._nested(line, depth)
            case "." | "source":
                path = words[0].known if words else None
                script = self._setting.script(path, self.directory) if path else None
                if script is not None:
                    self._nested(script, depth)
            case _:
                # read, getopts: whatever they set is not known.
                for word in words:
                    if (word.known or "-").isidentifier():
                        self.assign(word.known or "", Unknown(why=f"{name} sets it"))

    def _nested(self, text: Text, depth: int) -> None:
        """Run another text in this same shell."""
        if self._setting.depth + depth > _DEEPEST or len(text.text) > LARGEST_CHARACTERS or "\0" in text.text:
            return
        outer = self._source
        self._source = without_templates(text)
        tree = parsed(self._source.text)
        self._group(tree.root_node, last=False, apart=False, depth=depth + 5)
        self._source = outer

    def _set(self, words: Sequence[Word]) -> None:
        for index, word in enumerate(words):
            text = word.known or ""
            if text == "--":
                self.arguments = words[index + 1 :]
                return
            if text.startswith("-") and "a" in text and not text.startswith("--"):
                self._exports_all = True
            if text == "allexport":
                self._exports_all = True
            if not text.startswith(("-", "+")) and text not in _SHELL_OPTIONS:
                if word.splits:
                    self.arguments = None
                else:
                    self.arguments = words[index:]
                return


_REDIRECTS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})
_BUILTINS = frozenset({"cd", "pushd", "set", "shift", "trap", "eval", ".", "source", "read", "getopts"})
_SHELL_OPTIONS = frozenset({"pipefail", "errexit", "nounset", "xtrace", "allexport", "verbose"})
