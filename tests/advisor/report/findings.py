"""A Validation made by hand, with one finding of every shape, for the tests of what is shown."""

from __future__ import annotations

from gunicorn_conf.config import Config
from gunicorn_conf.place import Place
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Edit, Finding, Fix, Problem, Severity
from gunicorn_conf.rules.subject import ConfFile, Deployment, Subject
from gunicorn_conf.validate import Validation

RELEASE = Release(27, 0, 1)
CONF = "deploy/gunicorn conf.py"
CONF_TEXT = "worker = 4\nbind = [\n    ':8000',\n]\n\tname = '日本', 'é'\nx = '" + "y" * 200 + "'\n"
DOCKERFILE = "Dockerfile"
DOCKERFILE_TEXT = "FROM python\nCMD gunicorn app:app\n"


def at(line: int, column: int, end_line: int, end_column: int, path: str = CONF) -> Place:
    return Place(path=path, line=line, column=column, end_line=end_line, end_column=end_column)


def finding(code: str, name: str, severity: Severity, problem: Problem, confidence: Confidence) -> Finding:
    return Finding(code=code, name=name, severity=severity, confidence=confidence, problem=problem)


RENAME = Fix(description="rename it to workers", safe=True, edits=(Edit(place=at(1, 1, 1, 7), text="workers"),))
FINDINGS = (
    finding(
        "GC501",
        "root-workers",
        Severity.INFO,
        Problem(message="50 % of it: a,b\nand | a \x1b[31mcolour", place=Place(path=DOCKERFILE)),
        Confidence.LOW,
    ),
    finding(
        "GC601",
        "behind-shell",
        Severity.WARNING,
        Problem(message="a shell stays in between", place=at(2, 5, 2, 13, DOCKERFILE), help="use the exec form"),
        Confidence.MEDIUM,
    ),
    finding(
        "GC101",
        "unknown-setting",
        Severity.ERROR,
        Problem(
            message="worker is not a setting",
            place=at(1, 1, 1, 7),
            help="did you mean workers?",
            setting="workers",
            fix=RENAME,
        ),
        Confidence.HIGH,
    ),
    finding(
        "GC110",
        "over-lines",
        Severity.ERROR,
        Problem(message="it spans lines", place=at(2, 8, 4, 2), help="mend it"),
        Confidence.HIGH,
    ),
    finding(
        "GC111",
        "wide-characters",
        Severity.WARNING,
        Problem(message="wide", place=at(5, 15, 5, 18), help="mend it"),
        Confidence.HIGH,
    ),
    finding(
        "GC112",
        "long-line",
        Severity.WARNING,
        Problem(message="long", place=at(6, 150, 6, 153), help="mend it"),
        Confidence.HIGH,
    ),
)


def subject(conf: str | None = CONF) -> Subject:
    return Subject(
        release=RELEASE,
        release_source="pinned in requirements.txt",
        config=Config(release=RELEASE),
        conf=None if conf is None else ConfFile(path=conf, text=CONF_TEXT),
        deployment=Deployment(platform="docker", cpus=0.5, sources={"cpus": "given"}),
    )


def validation(
    findings: tuple[Finding, ...] = FINDINGS, *, subjects: tuple[Subject, ...] | None = None, suppressed: int = 0
) -> Validation:
    return Validation(
        files=(SourceFile(path=CONF, text=CONF_TEXT), SourceFile(path=DOCKERFILE, text=DOCKERFILE_TEXT)),
        subjects=(subject(), subject(DOCKERFILE)) if subjects is None else subjects,
        findings=findings,
        suppressed=suppressed,
        ignored=0,
        rules=61,
    )
