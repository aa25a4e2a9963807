"""What README shows still holds: the transcript, the commands, the flags, the links, and the line that CI runs."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from advisor.cli.commands import COMMANDS, flags
from tests.conftest import RunGcadvise

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
README = PAGES[0].read_text(encoding="utf-8")

# The sections of a recommendation whose text depends on nothing but the command.
FIXED = ("Host", "Settings", "Limits", "Capacity", "Assumed", "Warnings")


def shown_commands(page: Path) -> list[list[str]]:
    """Each gcadvise command in a code block, as words; a pipe or a redirection ends it."""
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = []
    for line in lines:
        match = re.match(r"(?:\$ )?(?:.* && )?(?:\.venv/bin/)?(gcadvise .*)", line)
        if match:
            found.append(shlex.split(re.split(r" [|>] ", match[1])[0], comments=True))
    return found


def test_readme_shows_commands() -> None:
    assert {words[1] for words in shown_commands(PAGES[0])} >= {"inspect", "recommend", "concurrency"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_flag_that_is_shown_exists(page: Path) -> None:
    for words in shown_commands(page):
        command, arguments = words[1], words[2 : words.index("--") if "--" in words else None]
        assert command in COMMANDS, words
        known = {f"--{flag}" for flag in flags(command)} | {"--no-thread-safe", "--help"}
        for word in arguments:
            assert not word.startswith("--") or word.split("=")[0] in known, words


def test_the_transcript_is_what_the_command_prints(run_gcadvise: RunGcadvise) -> None:
    block = re.search(r"```console\n\$ (gcadvise recommend .*?)\n(.*?)```", README, re.DOTALL)
    assert block is not None
    words = [word for word in shlex.split(block[1]) if word != "--verify"]
    done = run_gcadvise(*words[1:], env={"COLUMNS": "100"})
    assert done.returncode == 0
    shown, printed = sections(block[2]), sections(done.stdout)
    assert list(shown) == [*FIXED, "Verified", "Next"]
    for title in FIXED:
        assert shown[title] == printed[title], title


def sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    title = ""
    for line in text.splitlines():
        if line and not line.startswith(" "):
            title = line
            found[title] = []
        elif line:
            found[title].append(line)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_ci_finds_the_test_command() -> None:
    extraction = re.search(r"test_command=\$\((.*)\)", (ROOT / ".ci" / "run").read_text())
    assert extraction is not None
    done = subprocess.run(["bash", "-c", extraction[1]], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("python3 -m venv .venv && ")
    assert done.stdout.endswith(" -m pytest\n")
    assert done.stdout.count("\n") == 1
