"""Findings as they are shown: text, JSON, GitHub's commands, SARIF, Markdown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor.report
from advisor.report.envelope import envelope
from advisor.report.validate import validate_text
from advisor.report.validate_github import validate_github
from advisor.report.validate_json import validate_json
from advisor.report.validate_markdown import validate_markdown
from advisor.report.validate_sarif import validate_sarif
from gunicorn_conf.place import Place
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.registry import RULES
from gunicorn_conf.validate import Validation
from tests.advisor.report.findings import CONF, FINDINGS, at, finding, subject, validation
from tests.conftest import MatchesFile

HERE = Path(__file__).parent
SCHEMA = json.loads((Path(advisor.report.__file__).parent / "schemas/validate.json").read_text())
# As published (https://json.schemastore.org/sarif-2.1.0-rtm.5.json), from the npm package @microsoft/jest-sarif.
SARIF_SCHEMA = json.loads((HERE / "sarif-2.1.0-rtm.5.json").read_text())
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
EMPTY = validation(())


def held_to_sarif(document: object) -> None:
    jsonschema.validate(document, SARIF_SCHEMA, cls=jsonschema.Draft4Validator)


def test_text_shows_every_shape_of_finding(matches_file: MatchesFile) -> None:
    matches_file(validate_text(validation()), HERE / "golden/validate.txt")


def test_colour_changes_nothing_but_the_colour() -> None:
    coloured = validate_text(validation(), colour=True)
    assert ESCAPES.search(coloured)
    assert ESCAPES.sub("", coloured) == validate_text(validation())


def test_text_of_the_user_cannot_drive_the_terminal() -> None:
    assert "\x1b" not in validate_text(validation())


def test_no_findings_are_said() -> None:
    assert validate_text(EMPTY).splitlines()[0] == "No findings; 61 rules on 2 files"


def test_what_was_accepted_is_counted() -> None:
    assert "Not shown: 3 suppressed by comments." in validate_text(validation((), suppressed=3))


def test_several_releases_are_named_each() -> None:
    text = validate_text(validation((), subjects=(subject(),)))
    assert "Judged as Gunicorn 27.0.1 (pinned in requirements.txt)." in text


@pytest.mark.parametrize("shown", [validation(), EMPTY])
def test_the_json_follows_its_schema(shown: Validation) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(envelope("validate", validate_json(shown))), SCHEMA)


def test_the_json_counts_by_severity() -> None:
    body = validate_json(validation())
    assert body["summary"] == {
        "error": 2,
        "warning": 3,
        "info": 1,
        "fixable": 1,
        "suppressed": 0,
        "ignored": 0,
        "rules": 61,
        "files": 2,
    }


def test_github_commands_are_escaped_and_one_line_each() -> None:
    lines = validate_github(validation()).splitlines()
    assert len(lines) == len(FINDINGS)
    assert lines[0].startswith("::notice title=GC501 root-workers,file=Dockerfile::50 %25 of it: a,b%0Aand")
    assert lines[2] == (
        "::error title=GC101 unknown-setting,file=deploy/gunicorn conf.py,line=1,endLine=1,col=1,endColumn=7"
        "::worker is not a setting%0AHelp: did you mean workers?"
    )
    assert "line=2,endLine=4::" in lines[3], "columns stand only where the place is on one line"


def test_a_path_cannot_end_a_github_property() -> None:
    odd = finding("GC101", "x", Severity.ERROR, Problem(message="m", place=Place(path="a,b:c%.py")), Confidence.HIGH)
    assert "file=a%2Cb%3Ac%25.py::m" in validate_github(validation((odd,)))


def test_github_says_nothing_without_findings() -> None:
    assert validate_github(EMPTY) == ""


@pytest.mark.parametrize("shown", [validation(), EMPTY])
def test_the_sarif_is_valid_against_the_published_schema(shown: Validation) -> None:
    jsonschema.Draft4Validator.check_schema(SARIF_SCHEMA)
    held_to_sarif(json.loads(validate_sarif(shown, RULES)))


def test_the_schema_of_sarif_refuses_what_is_not_sarif() -> None:
    document = json.loads(validate_sarif(validation(), RULES))
    document["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        held_to_sarif(document)


def test_sarif_names_relative_paths_rules_and_places() -> None:
    (run,) = json.loads(validate_sarif(validation(), RULES))["runs"]
    result = next(one for one in run["results"] if one["ruleId"] == "GC101")
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "deploy/gunicorn%20conf.py", "uriBaseId": "SRCROOT"}
    assert unquote(location["artifactLocation"]["uri"]) == CONF
    assert location["region"] == {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 7}
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "GC101"
    assert result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": "workers"}


@pytest.mark.parametrize("path", ["caf\udce9.py", "a b#?.py", "./x.py", "/srv/app/x.py", "é.py"])
def test_sarif_takes_any_name_of_a_file(path: str) -> None:
    odd = finding("GC101", "x", Severity.ERROR, Problem(message="m", place=Place(path=path)), Confidence.HIGH)
    document = json.loads(validate_sarif(validation((odd,)), RULES))
    held_to_sarif(document)
    uri = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[\w./%-]+|file:///[\w./%-]+", uri, re.ASCII)


def test_a_finding_in_a_variable_has_no_file() -> None:
    given = finding("GC115", "x", Severity.ERROR, Problem(message="m", place=Place(path="$PORT")), Confidence.HIGH)
    document = json.loads(validate_sarif(validation((given,)), RULES))
    held_to_sarif(document)
    assert document["runs"][0]["results"][0]["locations"] == []
    assert "file=" not in validate_github(validation((given,)))


def test_sarif_fingerprints_differ_and_do_not_depend_on_the_line() -> None:
    def prints(text: Validation) -> list[str]:
        (run,) = json.loads(validate_sarif(text, RULES))["runs"]
        return [one["partialFingerprints"]["gcadvise/v1"] for one in run["results"]]

    same = finding("GC101", "x", Severity.ERROR, Problem(message="m", place=Place(path=CONF, line=1)), Confidence.HIGH)
    assert len(set(prints(validation((*FINDINGS, same, same))))) == len(FINDINGS) + 2
    first = FINDINGS[2]
    moved = replace(first, problem=replace(first.problem, place=at(3, 1, 3, 7)))
    before = validation((first,))
    after = replace(before, findings=(moved,), files=(SourceFile(path=CONF, text="# new\n\nworker   = 4\n"),))
    assert prints(before) == prints(after)


def test_markdown_is_a_table_whose_cells_cannot_be_left(matches_file: MatchesFile) -> None:
    text = validate_markdown(validation())
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + len(FINDINGS)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in rows)
    matches_file(text, HERE / "golden/validate.md")


@given(message=st.text(min_size=1), path=st.text(min_size=1), line=st.integers(1, 9), column=st.integers(1, 300))
def test_any_text_can_be_shown_in_every_format(message: str, path: str, line: int, column: int) -> None:
    place = Place(path=path, line=line, column=column, end_line=line, end_column=column + 1)
    odd = validation((finding("GC101", "x", Severity.ERROR, Problem(message=message, place=place), Confidence.HIGH),))
    assert validate_text(odd, colour=True).endswith("\n")
    assert len(re.split(r"\r\n|\r|\n", validate_github(odd))) == 2
    assert len([row for row in validate_markdown(odd).split("\n") if row.startswith("| ")]) == 2
    jsonschema.validate(json.loads(envelope("validate", validate_json(odd))), SCHEMA)
    json.loads(validate_sarif(odd, RULES))
