"""Mends what can be mended: applies fixes, judges again, and takes back what would make anything worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gunicorn_conf.assemble import Circumstances
from gunicorn_conf.rules.finding import Finding, Severity
from gunicorn_conf.select import Selection
from gunicorn_conf.validate import Validation, validate
from gunicorn_conf.write.edit import apply_fixes

# Each attempt judges all files again. Files that people write need two or three: a fix may uncover another one (a name
# in the wrong case that is a removed setting), and one bad fix among dozens is found by halving. More would mean that
# two rules undo each other.
_ATTEMPTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A fix that is not applied, because of what would come of it."""

    finding: Finding
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """The texts after all that could be mended, and what is still found."""

    texts: Mapping[str, str]
    """The new text of each file that changed."""
    applied: tuple[Finding, ...]
    refused: tuple[Refused, ...]
    validation: Validation
    """Of the files as they are then."""


def mend(
    validation: Validation,
    circumstances: Circumstances | None = None,
    selection: Selection | None = None,
    *,
    unsafe: bool = False,
    may_change: Callable[[str], bool] | None = None,
) -> Mended:
    """Apply the safe fixes of the findings, and with ``unsafe`` the others too.

    A fix that would leave a file that cannot be read, or bring an error that was not there, is refused. Fixes that
    touch a file for which ``may_change`` says no are left alone.
    """
    work = _Work(circumstances, selection, validation)

    def wanted(finding: Finding) -> bool:
        fix = finding.problem.fix
        if fix is None or not (fix.safe or unsafe) or _key(finding) in work.refused:
            return False
        return may_change is None or all(may_change(edit.place.path) for edit in fix.edits)

    while work.attempts_left:
        chosen = [finding for finding in work.validation.findings if wanted(finding)]
        if not chosen or not work.advance(chosen):
            break
    former = {file.path: file.text for file in validation.files}
    return Mended(
        texts={path: text for path, text in work.texts.items() if text != former[path]},
        applied=tuple(work.applied),
        refused=tuple(work.refused.values()),
        validation=work.validation,
    )


class _Work:
    """The state between rounds."""

    def __init__(
        self, circumstances: Circumstances | None, selection: Selection | None, validation: Validation
    ) -> None:
        self._circumstances = circumstances
        self._selection = selection
        self._baseline: Validation | None = None
        self.attempts_left = _ATTEMPTS
        self.validation = validation
        self.texts: dict[str, str] = {file.path: file.text for file in validation.files}
        self.applied: list[Finding] = []
        self.refused: dict[object, Refused] = {}

    def advance(self, chosen: Sequence[Finding]) -> bool:
        """Apply the fixes of these findings, or of as many as make nothing worse; whether any was applied or refused.

        After the first batch that is applied the places of the other findings no longer hold: judge again then.
        """
        if not self.attempts_left:
            return False
        self.attempts_left -= 1
        fixes = {id(finding.problem.fix): finding for finding in chosen}
        fixed = apply_fixes(self.texts, [finding.problem.fix for finding in chosen if finding.problem.fix is not None])
        if not fixed.texts:
            return False
        files = [replace(file, text=fixed.texts.get(file.path, file.text)) for file in self.validation.files]
        after = validate(files, self._circumstances)  # with every rule, whatever the selection leaves out
        if self._baseline is None:
            self._baseline = validate(self.validation.files, self._circumstances)
        why = worse(self._baseline, after)
        if not why:
            self.texts = {**self.texts, **fixed.texts}
            self.applied += [fixes[id(fix)] for fix in fixed.applied]
            self._baseline = after
            self.validation = validate(files, self._circumstances, self._selection)
            return True
        if len(chosen) == 1:
            self.refused[_key(chosen[0])] = Refused(finding=chosen[0], why=why)
            return True
        middle = len(chosen) // 2
        before = self.texts
        if self.advance(chosen[:middle]) and self.texts is not before:
            return True
        return self.advance(chosen[middle:])


def worse(before: Validation, after: Validation) -> str:
    """What is worse than it was, as shown text; empty when nothing is."""
    unreadable = {subject.conf.path for subject in before.subjects if subject.conf and subject.conf.problem}
    for subject in after.subjects:
        if subject.conf and subject.conf.problem and subject.conf.path not in unreadable:
            return f"{subject.conf.path} could then not be read: {subject.conf.problem}"
    if len(after.subjects) < len(before.subjects):
        return "a configuration could then no longer be found"
    known = Counter((one.code, one.problem.message) for one in before.findings if one.severity is Severity.ERROR)
    for one in after.findings:
        if one.severity is not Severity.ERROR:
            continue
        known[one.code, one.problem.message] -= 1
        if known[one.code, one.problem.message] < 0:
            return f"then {one.code} {one.name}: {one.problem.message}"
    return ""


def _key(finding: Finding) -> object:
    return (finding.code, finding.problem.message, finding.problem.place.path)
