"""Reads the words after ``gunicorn`` as argparse does: options, their values, positionals, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Place, Source
from gunicorn_conf.read.flags import Flag, Takes, abbreviated, flags, meant_by
from gunicorn_conf.read.templates import GAP
from gunicorn_conf.read.text import Text
from gunicorn_conf.read.word import Word, converted, one_of, plain
from gunicorn_conf.release import Release
from gunicorn_conf.rules.subject import OptionProblem
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, Value

# A command line of people has some hundred characters; the kernel takes 128 KiB for one argument (MAX_ARG_STRLEN).
LONGEST_COMMAND_CHARACTERS = 32 * 1024
FILLED_IN = "it is filled in from outside"
_NEGATIVE_NUMBER = re.compile(r"-\d+$|-\d*\.\d+$")
# The option in front of a value that is not known, as in --bind=$HOST and -w$N.
_OPTION_BEFORE = re.compile(r"""["']?(?P<option>--[a-z0-9_-]+=|-[a-zA-Z]=?)""")


@dataclass(slots=True, kw_only=True)
class Options:
    """What a list of words means to Gunicorn."""

    assigned: list[Assigned] = field(default_factory=list)
    """In the order in which they stand; an appending option (-b, -e) holds all values up to its own."""
    positionals: list[Word] = field(default_factory=list)
    problems: list[OptionProblem] = field(default_factory=list)
    undecided: str | None = None
    """Why there may be more options than were found, completing "because ..."; None where there are not."""
    leaves: bool = False
    """Whether --help or --version ends it before anything starts."""


def read_options(words: Sequence[Word], release: Release, source: Source = Source.COMMAND_LINE) -> Options:
    """Read the words after ``gunicorn`` as ``argparse`` does for this release."""
    return _Reader(words, release, source).read()


def split_words(text: Text) -> list[Word] | None:
    """The words of GUNICORN_CMD_ARGS, which Gunicorn takes apart with ``shlex.split``.

    None where that fails, and where the text is longer than any that people write.
    """
    import io
    import shlex

    if len(text.text) > LONGEST_COMMAND_CHARACTERS:
        return None
    stream = io.StringIO(text.text)
    lexer = shlex.shlex(stream, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[Word] = []
    start = 0
    try:
        while (token := lexer.get_token()) is not None:
            end = stream.tell()
            written = text.text[start:end]
            start += len(written) - len(written.lstrip(lexer.whitespace))
            stop = start + len(written.strip(lexer.whitespace))
            part = text.part(start, stop)
            inner = part if part.text == token else part.made(token)
            words.append(with_gaps(Word(value=Known(value=token), text=part.written, place=part.place(), inner=inner)))
            start = end
    except ValueError:
        return None
    return words


def with_gaps(word: Word) -> Word:
    """The word as unknown, where something that is not known was to be filled into it."""
    if GAP not in (word.known or ""):
        return word
    return Word(value=Unknown(why=FILLED_IN), text=word.text, place=word.place, inner=word.inner)


class _Reader:
    def __init__(self, words: Sequence[Word], release: Release, source: Source) -> None:
        self._words = words
        self._release = release
        self._source = source
        self._flags = flags(release)
        self._found = Options()
        self._seen_positionals = False
        self._appended: dict[str, list[Value]] = {}

    def read(self) -> Options:
        kinds = self._kinds()
        index = 0
        while index < len(self._words):
            if kinds[index] == "O":
                index = self._option(index, kinds)
                continue
            end = index
            while end < len(self._words) and kinds[end] != "O":
                end += 1
            self._positional_words([self._words[at] for at in range(index, end) if kinds[at] != "-"])
            index = end
        if len(self._found.positionals) > 1:
            for word in self._found.positionals[1:]:
                self._problem("extra-positional", word)
        return self._found

    def _kinds(self) -> list[str]:
        """For each word what argparse takes it for at first sight: O(ption), A(rgument), or ``-`` for ``--``."""
        kinds: list[str] = []
        for index, word in enumerate(self._words):
            if word.known == "--":
                return [*kinds, "-", *("A" for _ in self._words[index + 1 :])]
            kinds.append("O" if self._looks_like_option(word) else "A")
        return kinds

    def _looks_like_option(self, word: Word) -> bool:
        text = word.known
        if text is None:
            return _OPTION_BEFORE.match(word.text) is not None
        if len(text) < 2 or text[0] != "-":
            return False
        if text in self._flags:
            return True
        option = text.partition("=")[0]
        if option in self._flags or self._candidates(text):
            return True
        return _NEGATIVE_NUMBER.match(text) is None and " " not in text

    def _candidates(self, text: str) -> tuple[str, ...]:
        if text.startswith("--"):
            return abbreviated(text.partition("=")[0], self._release)
        return tuple(one for one in (text[:2],) if one in self._flags)

    def _option(self, index: int, kinds: Sequence[str]) -> int:
        """Read the option at this index; returns the index after it and its value."""
        word = self._words[index]
        option, value = self._parted(word)
        name = option
        if option not in self._flags:
            candidates = self._candidates(option)
            if len(candidates) > 1 and len({self._flags[one] for one in candidates}) >= 1:
                self._problem("ambiguous", word, option, ", ".join(candidates))
                return index + 1
            if not candidates:
                self._problem("unknown", word, option, meant_by(option, self._release))
                return index + 1 if value is not None else self._past_value(index + 1, kinds)
            name = candidates[0]
            self._problem("abbreviated", word, option, name)
        return self._take(name, value, index, kinds)

    def _past_value(self, index: int, kinds: Sequence[str]) -> int:
        """Past the word after an unknown option where it must be meant as its value, lest it count as the app."""
        is_value = index < len(self._words) and kinds[index] == "A" and ":" not in (self._words[index].known or ":")
        return index + 1 if is_value and "A" in self._unclaimed(index + 1, kinds) else index

    def _parted(self, word: Word) -> tuple[str, Word | None]:
        """The option and the value within the same word, if there is one."""
        text = word.known
        if text is None:
            match = _OPTION_BEFORE.match(word.text)
            assert match is not None, "only words that begin with an option come here"
            return match["option"].rstrip("="), _rest(word, match["option"], match.end())
        if text in self._flags:
            return text, None
        option, equals, _ = text.partition("=")
        if equals and (option in self._flags or text.startswith("--")):
            return option, _rest(word, option + "=", None)
        if not text.startswith("--") and text[:2] in self._flags:
            return text[:2], _rest(word, text[:2], None)
        return text, None

    def _take(self, name: str, value: Word | None, index: int, kinds: Sequence[str]) -> int:
        flag = self._flags[name]
        word = self._words[index]
        if flag.takes is Takes.LEAVE:
            self._found.leaves = True
            return index + 1
        if flag.takes is Takes.NOTHING:
            self._assign(flag, None, word)
            if value is not None:
                return self._cluster(name, value, index, kinds)
            return index + 1
        if value is not None:
            self._assign(flag, value, word)
            return index + 1
        following = index + 1 < len(self._words) and kinds[index + 1] == "A"
        if following:
            taken = self._words[index + 1]
            self._assign(flag, taken, word)
            if self._swallowed(flag, taken, index + 2, kinds):
                self._problem("swallows-app", taken, f"{name} {taken.text}", name)
            return index + 2
        if flag.takes is Takes.PERHAPS:
            self._assign(flag, None, word)
        else:
            self._problem("missing-value", word, name)
        return index + 1

    def _cluster(self, name: str, value: Word, index: int, kinds: Sequence[str]) -> int:
        """``-Dw4`` is ``-D -w 4``; a flag with a value of its own is refused."""
        text = value.known
        if name.startswith("--") or not text or f"-{text[0]}" not in self._flags:
            self._problem("unknown", self._words[index], self._words[index].text, name)
            return index + 1
        rest = _rest(value, text[:1], None) if len(text) > 1 else None
        return self._take(f"-{text[0]}", rest, index, kinds)

    def _swallowed(self, flag: Flag, taken: Word, after: int, kinds: Sequence[str]) -> bool:
        """Whether an option without its value has taken the application: ``--access-logfile app:app``."""
        text = taken.known or ""
        if self._seen_positionals or "A" in self._unclaimed(after, kinds):
            return False
        module, colon, variable = text.partition(":")
        is_app = bool(colon) and _DOTTED.fullmatch(module) is not None and _VARIABLE.match(variable) is not None
        return is_app and flag.name not in _TAKE_COLONS

    def _unclaimed(self, start: int, kinds: Sequence[str]) -> list[str]:
        """The words from here on that no option before them takes."""
        unclaimed = []
        index = start
        while index < len(self._words):
            text = self._words[index].known
            flag = self._flags.get(text) if text is not None and kinds[index] == "O" else None
            if flag is not None and flag.takes is not Takes.NOTHING:
                index += 2
                continue
            unclaimed.append(kinds[index])
            index += 1
        return unclaimed

    def _positional_words(self, words: Sequence[Word]) -> None:
        certain = [word for word in words if not word.splits]
        loose = [word for word in words if word.splits]
        if loose and not certain and not self._seen_positionals:
            # `gunicorn $OPTS $APP_MODULE`: by its name, one of them is the application.
            named = [word for word in loose if _NAMES_APP.search(word.text)]
            certain = named[:1] or (loose if len(loose) == 1 else [])
            loose = [word for word in loose if word not in named[:1]]
        if loose:
            self._found.undecided = f"{loose[0].text} may hold further options"
        if not certain:
            return
        if self._seen_positionals and not all(word.splits for word in self._found.positionals):
            # argparse gives all positionals to one stretch of words; later ones are "unrecognized arguments".
            for word in certain:
                self._problem("unknown", word)
            return
        self._seen_positionals = True
        self._found.positionals = certain

    def _assign(self, flag: Flag, value: Word | None, option: Word) -> None:
        given: Value
        if value is None:
            given = Known(value=flag.const)
        elif value.known == "" and flag.takes is Takes.PERHAPS:
            given = Known(value="")
        else:
            given = converted(value.value, flag.convert)
        if flag.appends:
            given = self._appending(flag.name, given)
        place = option.place if value is None else _span(option.place, value.place)
        self._found.assigned.append(
            Assigned(
                name=flag.name,
                value=given,
                source=self._source,
                place=place,
                value_place=place if value is None else value.place,
                text=option.text if value is None else value.text,
            )
        )
        if isinstance(given, Known) and value is not None and flag.convert is not str and isinstance(given.value, str):
            self._problem("bad-value", value, f"{option.text} {value.text}" if value.place != option.place else None)

    def _appending(self, name: str, value: Value) -> Value:
        values = self._appended.setdefault(name, [])
        values.append(value)
        return _listed(values)

    def _problem(self, kind: str, word: Word, text: str | None = None, meant: str | None = None) -> None:
        self._found.problems.append(OptionProblem(kind=kind, text=text or word.text, place=word.place, meant=meant))


# What a module path and the beginning of a variable or a call look like in module:variable.
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_NAMES_APP = re.compile(r"app|module|[aw]sgi", re.IGNORECASE)
_VARIABLE = re.compile(r"[A-Za-z_]\w*(\(|$)")
# Settings whose values may well look like module:variable.
_TAKE_COLONS = frozenset(
    {"bind", "config", "raw_env", "logger_class", "worker_class", "statsd_host", "syslog_addr", "dirty_apps", "paste"}
)


def _listed(values: Sequence[Value]) -> Value:
    for value in values:
        if isinstance(value, Unknown):
            return value
    if all(isinstance(value, Known) for value in values):
        return Known(value=[value.value for value in values if isinstance(value, Known)])
    for index, value in enumerate(values):
        if isinstance(value, OneOf):
            return one_of(_listed([*values[:index], one, *values[index + 1 :]]) for one in value.values)
    kept = tuple(values)
    return PerHost(
        expression=", ".join(value.expression if isinstance(value, PerHost) else str(value) for value in kept),
        at=lambda cpus: [one.at(cpus) if isinstance(one, PerHost) else getattr(one, "value", None) for one in kept],
    )


def _rest(word: Word, prefix: str, written: int | None) -> Word:
    """What is left of a word behind an option; ``written`` is where it begins in the text as written."""
    value = converted(word.value, lambda text: text.removeprefix(prefix))
    if word.inner is not None:
        inner = word.inner.part(len(prefix), len(word.inner.text))
        text = word.text[word.text.find(prefix) + len(prefix) :] if prefix in word.text else inner.text
        return Word(value=value, text=text, place=inner.place(), inner=inner)
    start = len(prefix) if written is None else written
    place = word.place
    if place.line is not None and place.line == place.end_line and place.column is not None:
        place = _moved(place, start)
    return Word(value=value, text=word.text[start:], place=place)


def _moved(place: Place, columns: int) -> Place:
    column = (place.column or 1) + columns
    end = max(place.end_column or column, column)
    return Place(path=place.path, line=place.line, column=column, end_line=place.end_line, end_column=end)


def _span(first: Place, last: Place) -> Place:
    """From the beginning of one place to the end of another, where both are in one file and in this order."""
    if first.path != last.path or None in (first.line, last.end_line):
        return first
    if (last.end_line or 0, last.end_column or 0) < (first.line or 0, first.column or 0):
        return first
    return Place(
        path=first.path,
        line=first.line,
        column=first.column,
        end_line=last.end_line,
        end_column=last.end_column,
    )


def words_of(texts: Iterable[str], path: str = "<command line>") -> list[Word]:
    """Words that come from no file, such as the arguments of a running process."""
    return [plain(Text(text, path)) for text in texts]
