"""Comments that accept a finding: ``# gcadvise: ignore[GC203] reason`` on its line, ``ignore-file[...]`` for a file.

Works in every kind of file whose comments begin with ``#``. A comment that stands on a line of its own counts for the
statement or the command below it. What suppresses nothing, or names no rule, is a finding itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from gunicorn_conf.errors import BadInput
from gunicorn_conf.layout import Layout
from gunicorn_conf.place import Place
from gunicorn_conf.rules.finding import Edit, Finding, Fix, Problem
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.select import matching, nearest, split

_MARK = "gcadvise:"
_COMMENT = re.compile(
    r"(?:^|(?<=\s))#[ \t]*gcadvise:[ \t]*(?P<verb>[\w-]*)[ \t]*(?:\[(?P<patterns>[^\]\r\n]*)\])?(?P<reason>[^\r\n]*)",
    re.MULTILINE,
)

# Nobody writes more of them into one file; what follows is not looked at, to bound the time.
_MOST = 1000

# A guess at what was meant takes a millisecond; nobody reads hundreds of them.
_MOST_GUESSES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One comment of a file."""

    place: Place
    """Of the comment, from its ``#`` to the end of the line."""
    patterns: tuple[str, ...]
    codes: tuple[frozenset[str], ...]
    """The rules that each of the patterns names; none for one that names no rule."""
    lines: range | None
    """The lines that it counts for; None for the whole file."""
    reason: str
    problem: str = ""
    """What is wrong with how it is written."""


def read_suppressions(path: str, text: str, rules: Sequence[Rule]) -> tuple[Suppression, ...]:
    """The comments of a file that speak to gcadvise, in the order in which they stand."""
    if _MARK not in text:
        return ()
    return tuple(islice(_read(path, Layout(path, text), rules), _MOST))


def _read(path: str, layout: Layout, rules: Sequence[Rule]) -> Iterator[Suppression]:
    known: dict[str, frozenset[str]] = {}
    for number, line in enumerate(layout.lines, 1):
        match = _COMMENT.search(line) if _MARK in line else None
        if match is None or not layout.is_comment(number, match.start()):
            continue
        patterns = tuple(split(match["patterns"] or ""))
        verb = match["verb"]
        problem = ""
        if verb not in {"ignore", "ignore-file"}:
            problem = f"{verb!r} is not known here: write ignore[CODE] or ignore-file[CODE]"
        elif not patterns:
            problem = "it names no rule"
        for pattern in patterns:
            if pattern not in known:
                known[pattern] = _codes(pattern, rules)
        alone = not line[: match.start()].strip()
        yield Suppression(
            place=_place(path, number, match.start() + 1, len(line.rstrip()) + 1),
            patterns=patterns if not problem else (),
            codes=tuple(known[pattern] for pattern in patterns) if not problem else (),
            lines=None if verb == "ignore-file" else layout.belongs_to(number, alone=alone),
            reason=match["reason"].strip(),
            problem=problem,
        )


def _codes(pattern: str, rules: Sequence[Rule]) -> frozenset[str]:
    try:
        return matching(pattern, rules)
    except BadInput:
        return frozenset()


def _place(path: str, line: int, column: int, end: int) -> Place:
    return Place(path=path, line=line, column=column, end_line=line, end_column=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """What is left of the findings of a file, and what its comments took away."""

    kept: tuple[Finding, ...]
    suppressed: tuple[tuple[Finding, Suppression], ...]


def sift(findings: Sequence[Finding], suppressions: Sequence[Suppression]) -> Sifted:
    """Take away the findings of one file that its comments accept."""
    by_code: dict[str, list[Suppression]] = defaultdict(list)
    for one in suppressions:
        for code in frozenset().union(*one.codes):
            by_code[code].append(one)
    kept, suppressed = [], []
    for finding in findings:
        line = finding.problem.place.line
        candidates = by_code.get(finding.code, ())
        by = next((one for one in candidates if one.lines is None or (line is not None and line in one.lines)), None)
        if by is None:
            kept.append(finding)
        else:
            suppressed.append((finding, by))
    return Sifted(kept=tuple(kept), suppressed=tuple(suppressed))


def unused(
    suppressions: Sequence[Suppression], suppressed: Sequence[tuple[Finding, Suppression]], ran: frozenset[str]
) -> Iterator[Problem]:
    """Comments, or items of them, that took nothing away, although the rules that they name ran."""
    found: dict[Place, set[str]] = defaultdict(set)
    for finding, by in suppressed:
        found[by.place].add(finding.code)
    for one in suppressions:
        used = found[one.place]
        idle = [
            pattern
            for pattern, codes in zip(one.patterns, one.codes, strict=True)
            if codes and codes <= ran and not codes & used
        ]
        if not idle:
            continue
        left = [pattern for pattern in one.patterns if pattern not in idle]
        yield Problem(
            message=f"nothing is found here that {_listed(idle)} would find, so this comment has no effect"
            if not left
            else f"nothing is found here that {_listed(idle)} would find",
            place=one.place,
            help="take it away" if not left else f"take {_listed(idle)} out of the list",
            fix=Fix(
                description="take the comment away" if not left else f"take {_listed(idle)} away",
                safe=True,
                edits=(Edit(place=one.place, text=_rewritten(one, left)),),
            ),
        )


def malformed(suppressions: Sequence[Suppression], rules: Sequence[Rule]) -> Iterator[Problem]:
    """Comments that accept nothing, because of how they are written or because no rule is called so."""
    meant: dict[str, str | None] = {}
    for one in suppressions:
        if one.problem:
            yield Problem(
                message=f"this comment suppresses nothing: {one.problem}",
                place=one.place,
                help="write # gcadvise: ignore[CODE] and why; gcadvise rule --all lists the codes",
            )
        for pattern, codes in zip(one.patterns, one.codes, strict=True):
            if codes:
                continue
            if pattern not in meant:
                meant[pattern] = nearest(pattern, rules) if len(meant) < _MOST_GUESSES else None
            near = meant[pattern]
            yield Problem(
                message=f"{pattern!r} is not a rule, so this comment suppresses nothing by it",
                place=one.place,
                help=f"did you mean {near}?" if near else "gcadvise rule --all lists the rules",
            )


def _rewritten(one: Suppression, left: Sequence[str]) -> str:
    if not left:
        return ""
    verb = "ignore-file" if one.lines is None else "ignore"
    return f"# gcadvise: {verb}[{', '.join(left)}]" + (f" {one.reason}" if one.reason else "")


def _listed(patterns: Sequence[str]) -> str:
    return " and ".join([", ".join(patterns[:-1]), patterns[-1]]) if len(patterns) > 1 else patterns[0]
