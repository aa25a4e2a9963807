"""One list of arguments, written in each format, comes back the same."""

from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gunicorn_conf.read.readers import command

# What --name may hold. Percent signs and dollars mean something of their own in some formats, and are escaped there.
VALUES = st.text(
    alphabet=st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85\xa0"), max_size=20
)


def systemd_quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def as_files(words: list[str]) -> dict[str, dict[str, str]]:
    line = shlex.join(words)
    block = "\n".join(f"        - {json.dumps(word)}" for word in words)
    compose = json.dumps([word.replace("$", "$$") for word in words])
    return {
        "shell": {"start.sh": f"#!/bin/sh\nexec {line}\n"},
        "sh -c": {"start.sh": f"sh -c {shlex.quote(line)}\n"},
        "procfile": {"Procfile": f"web: {line}\n"},
        "docker shell": {"Dockerfile": f"FROM x\nCMD {line}\n"},
        "docker exec": {"Dockerfile": f"FROM x\nCMD {json.dumps(words)}\n"},
        "systemd": {"a.service": "[Service]\nExecStart=" + " ".join(map(systemd_quoted, words)) + "\n"},
        "supervisor": {"s.conf": f"[program:x]\ncommand={line.replace('%', '%%')}\n"},
        "compose": {"docker-compose.yml": f"services:\n  web:\n    command: {compose}\n"},
        "compose text": {"compose.yml": f"services:\n  web:\n    command: {json.dumps(line.replace('$', '$$'))}\n"},
        "kubernetes": {
            "k.yaml": f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: x\n      command:\n{block}\n"
        },
    }


@pytest.mark.parametrize("kind", list(as_files([])))
@given(value=VALUES)
@settings(max_examples=60)
def test_arguments_survive(kind: str, value: str) -> None:
    if kind == "supervisor" and (" ;" in value or value != value.strip()):
        return  # supervisor takes this for a comment, whatever is quoted
    if kind in ("docker shell", "procfile") and "\\" in value:
        return  # a line that ends in a backslash goes on, quoted or not
    if kind == "kubernetes" and "$" in value:
        return  # $(NAME) and $$(NAME) have a meaning of their own
    words = ["gunicorn", f"--name={value}", "app:app"]
    found = command(as_files(words)[kind])
    assert [one.value.value for one in found.assigned] == [value]  # type: ignore[union-attr]
    assert found.app is not None
    assert not found.problems
