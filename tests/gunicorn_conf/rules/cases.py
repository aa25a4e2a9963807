"""The cases of the rules, which are data: ``cases/<code>-<name>.toml``, one file a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import tomli

from gunicorn_conf.assemble import Circumstances
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Severity
from gunicorn_conf.rules.subject import Deployment

CASES = Path(__file__).with_name("cases")


@dataclass(frozen=True, kw_only=True)
class Case:
    """Files, the circumstances, and what the rule must say of them."""

    code: str
    rule_name: str
    name: str
    fires: bool
    files: Mapping[str, str]
    release: str | None = None
    deployment: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    at: str | None = None
    contains: str | None = None
    severity: str | None = None
    fixed: str | None = None

    def __post_init__(self) -> None:
        says_what = {"at": self.at, "contains": self.contains, "severity": self.severity, "fixed": self.fixed}
        given = [name for name, value in says_what.items() if value is not None]
        assert self.fires or not given, f"{self.id}: {given} make no sense where the rule must not fire"
        assert self.severity is None or Severity(self.severity)
        known = {one.name for one in fields(Deployment)}
        assert set(self.deployment) <= known, f"{self.id}: {set(self.deployment) - known} are no fields of Deployment"

    @property
    def id(self) -> str:
        """As pytest shows it."""
        return f"{self.code}-{self.rule_name}: {self.name}"

    @property
    def sources(self) -> tuple[SourceFile, ...]:
        """The files as the reader wants them."""
        return tuple(SourceFile(path=path, text=text) for path, text in self.files.items())

    @property
    def circumstances(self) -> Circumstances:
        """What is given beside the files."""
        return Circumstances(
            release=None if self.release is None else Release.parse(self.release),
            environment=self.environment,
            deployment=Deployment(**self.deployment),  # type: ignore[arg-type]
        )


def read_cases() -> tuple[Case, ...]:
    """Every case of every file; raises AssertionError or TypeError for one that is not written as it should be."""
    return tuple(case for path in sorted(CASES.glob("*.toml")) for case in _read(path))


def _read(path: Path) -> Iterator[Case]:
    code, _, rule_name = path.stem.partition("-")
    document = tomli.loads(path.read_text(encoding="utf-8"))
    assert set(document) == {"case"}, f"{path.name} holds other things than cases: {set(document)}"
    names: set[str] = set()
    for table in document["case"]:
        case = Case(code=code, rule_name=rule_name, **table)
        assert case.name not in names, f"{case.id} is there twice"
        names.add(case.name)
        yield case
