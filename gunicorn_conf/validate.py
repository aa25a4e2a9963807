"""Files in, findings out: assemble, judge, take away what comments and settings accept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gunicorn_conf.assemble import Circumstances, assemble
from gunicorn_conf.judge import Failed, in_order, judge
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.rules import suppressions as suppression_rules
from gunicorn_conf.rules.finding import Finding, Problem, Severity
from gunicorn_conf.rules.registry import RULES
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.select import Selection
from gunicorn_conf.suppress import Suppression, malformed, read_suppressions, sift, unused


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What was judged, and what was found."""

    files: tuple[SourceFile, ...]
    """All that were given: those that were judged, and those that only say something about them."""
    subjects: tuple[Subject, ...]
    findings: tuple[Finding, ...]
    suppressed: int
    """How many findings comments in the files accept."""
    ignored: int
    """How many findings the settings ignore for their file."""
    rules: int
    """How many rules were selected."""

    @property
    def judged(self) -> tuple[str, ...]:
        """The paths of the files that configure or start Gunicorn."""
        paths: dict[str, None] = {}
        for subject in self.subjects:
            if subject.conf is not None:
                paths[subject.conf.path] = None
            if subject.command is not None:
                paths[subject.command.place.path] = None
            if subject.unread is not None:
                paths[subject.unread.place.path] = None
        return tuple(paths)

    def text(self, path: str) -> str:
        """The text of a file, empty where it was not given."""
        return next((file.text for file in self.files if file.path == path), "")


def validate(
    files: Sequence[SourceFile],
    circumstances: Circumstances | None = None,
    selection: Selection | None = None,
    *,
    failed: Failed | None = None,
) -> Validation:
    """Judge the configurations that the files hold, each on its own or paired with the command that names it.

    ``failed`` is told of a rule that raises, which is a defect; without it the exception is passed on.
    """
    selection = Selection(rules=RULES) if selection is None else selection
    subjects = assemble(files, Circumstances() if circumstances is None else circumstances)
    found = _once(
        judge(subject, selection.rules, severities=selection.severities, failed=failed) for subject in subjects
    )
    ran = frozenset(
        rule.code for rule in selection.rules if any(rule.applies_to(subject.release) for subject in subjects)
    )
    kept, suppressed = _sifted(files, found, selection, ran)
    counted = [one for one in kept if not selection.ignores(one.problem.place.path, one.code)]
    return Validation(
        files=tuple(files),
        subjects=subjects,
        findings=in_order(counted),
        suppressed=suppressed,
        ignored=len(kept) - len(counted),
        rules=len(selection.rules),
    )


def _once(by_subject: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings of all subjects in order.

    A file that several commands name is judged with each of them: of what a rule says of the same stretch of it in
    different words, the gravest is kept.
    """
    gravity = list(Severity)
    kept: dict[object, list[Finding]] = {}
    for findings in by_subject:
        of_subject: dict[object, list[Finding]] = defaultdict(list)
        for finding in findings:
            place = finding.problem.place
            alone = finding.problem.message if place.line is None else None
            of_subject[finding.code, place, alone].append(finding)
        for key, several in of_subject.items():
            former = kept.get(key)
            if former is None or gravity.index(several[0].severity) < gravity.index(former[0].severity):
                kept[key] = several
    return in_order(finding for several in kept.values() for finding in several)


def _sifted(
    files: Iterable[SourceFile], found: Iterable[Finding], selection: Selection, ran: frozenset[str]
) -> tuple[list[Finding], int]:
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        by_file[finding.problem.place.path].append(finding)
    kept: list[Finding] = []
    suppressed = 0
    for file in files:
        of_file = by_file.pop(file.path, [])
        comments = read_suppressions(file.path, file.text, RULES)
        if not comments:
            kept += of_file
            continue
        sifted = sift(of_file, comments)
        suppressed += len(sifted.suppressed)
        kept += sifted.kept
        kept += _about(comments, sifted.suppressed, selection, ran)
    for rest in by_file.values():
        kept += rest
    return kept, suppressed


def _about(
    comments: Sequence[Suppression],
    suppressed: Sequence[tuple[Finding, Suppression]],
    selection: Selection,
    ran: frozenset[str],
) -> Iterable[Finding]:
    """What there is to say of the comments themselves."""
    for rule in suppression_rules.RULES:
        if rule not in selection.rules:
            continue
        idle = rule.check is suppression_rules.unused_suppression
        problems = unused(comments, suppressed, ran) if idle else malformed(comments, RULES)
        for problem in problems:
            yield _finding(rule, problem, selection)


def _finding(rule: Rule, problem: Problem, selection: Selection) -> Finding:
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=selection.severities.get(rule.code, rule.severity),
        confidence=rule.confidence,
        problem=problem,
    )
