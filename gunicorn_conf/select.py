"""Which rules run, and how severe they count: codes, beginnings of codes, names and topics, as users write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gunicorn_conf.errors import BadInput
from gunicorn_conf.rules.finding import Severity
from gunicorn_conf.rules.rule import Rule, Topic

EVERYTHING = "all"

# How exactly a pattern names a rule; where one selects and another ignores it, the more exact one decides.
_ALL, _SEVERAL, _ONE = range(3)

# Letters that are taken for digits within a code.
_LIKE_DIGITS = str.maketrans("oil", "011")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The rules to run, and what is made of what they find."""

    rules: tuple[Rule, ...]
    severities: Mapping[str, Severity] = field(default_factory=dict)
    """By code, instead of the rule's own."""
    per_file: tuple[tuple[str, frozenset[str]], ...] = ()
    """A pattern of paths and the codes that do not count in the files it matches."""

    def ignores(self, path: str, code: str) -> bool:
        """Whether findings of this code do not count in this file."""
        return any(code in codes and _matches(path, pattern) for pattern, codes in self.per_file)


def make_selection(
    rules: Sequence[Rule],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    severity: Mapping[str, str] | None = None,
    per_file_ignores: Mapping[str, str] | None = None,
) -> Selection:
    """The selection that the patterns describe; without ``select`` every rule is in.

    Values of ``per_file_ignores`` are patterns with commas between them. Raises BadInput for a pattern that names no
    rule and for a severity that is none.
    """
    wanted = _exactness(select or (EVERYTHING,), rules)
    unwanted = _exactness(ignore, rules)
    severities: dict[str, Severity] = {}
    for pattern, text in (severity or {}).items():
        severities |= dict.fromkeys(matching(pattern, rules), _severity(text, pattern))
    return Selection(
        rules=tuple(rule for rule in rules if wanted.get(rule.code, -1) > unwanted.get(rule.code, -1)),
        severities=severities,
        per_file=tuple(
            (path, frozenset(code for pattern in split(patterns) for code in matching(pattern, rules)))
            for path, patterns in (per_file_ignores or {}).items()
        ),
    )


def split(text: str) -> list[str]:
    """The items of a list with commas, without blanks around them and without empty ones."""
    return [item.strip() for item in text.split(",") if item.strip()]


def matching(pattern: str, rules: Iterable[Rule]) -> frozenset[str]:
    """The codes of the rules that a pattern names.

    It is a code (``GC203``), the beginning of codes (``GC2``, ``GC2xx``), a rule's name (``unknown-setting``), a topic
    (``security``) or ``all``; case does not matter. Raises BadInput when it names no rule.
    """
    return frozenset(_matching(pattern, tuple(rules))[1])


def _exactness(patterns: Iterable[str], rules: Sequence[Rule]) -> dict[str, int]:
    found: dict[str, int] = {}
    for pattern in patterns:
        exactness, codes = _matching(pattern, rules)
        for code in codes:
            found[code] = max(exactness, found.get(code, exactness))
    return found


def _matching(pattern: str, rules: Sequence[Rule]) -> tuple[int, list[str]]:
    text = pattern.strip().lower()
    if text in {EVERYTHING, "gc"}:
        return _ALL, [rule.code for rule in rules]
    for topic in Topic:
        if text == topic.name.lower():
            return _SEVERAL, [rule.code for rule in rules if rule.topic is topic]
    one = [rule.code for rule in rules if text in {rule.code.lower(), rule.name}]
    if one:
        return _ONE, one
    start = text.rstrip("x").upper()
    several = [rule.code for rule in rules if len(start) > len("GC") and rule.code.startswith(start)]
    if not several:
        raise _unknown(pattern, rules)
    return _SEVERAL, several


def nearest(pattern: str, rules: Iterable[Rule]) -> str | None:
    """The code, name or topic that was probably meant."""
    import difflib

    known = [name for rule in rules for name in (rule.code, rule.name)] + [topic.name.lower() for topic in Topic]
    by_lower = {name.lower(): name for name in known}
    text = pattern.strip().lower()
    digits = text.translate(_LIKE_DIGITS)
    if digits in by_lower:
        return by_lower[digits]
    near = difflib.get_close_matches(text, by_lower, 1)
    return by_lower[near[0]] if near else None


def _unknown(pattern: str, rules: Iterable[Rule]) -> BadInput:
    near = nearest(pattern, rules)
    return BadInput(
        f"{pattern!r} is not a rule",
        why="no rule has this code or name, and no code begins so",
        hint=f"did you mean {near!r}?" if near else "gcadvise rule --all lists them",
    )


def _severity(text: str, pattern: str) -> Severity:
    try:
        return Severity(text.strip().lower())
    except ValueError:
        raise BadInput(
            f"{text!r} is not a severity",
            why=f"given for {pattern}",
            hint="give " + ", ".join(one.value for one in Severity),
        ) from None


def _matches(path: str, pattern: str) -> bool:
    """Whether a path, or its last part, matches; ``*`` also stands for slashes."""
    from fnmatch import fnmatchcase

    clean = path.removeprefix("./")
    return fnmatchcase(clean, pattern.removeprefix("./")) or fnmatchcase(clean.rpartition("/")[2], pattern)
