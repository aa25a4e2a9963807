"""The pre-commit hook and the GitHub Action: what they say of the command is true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from advisor.cli.commands import flags
from advisor.cli.validate import FailOn, Format
from tests.conftest import RunGcadvise
from tests.neutral import child_environment

ROOT = Path(__file__).parent.parent
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
SCRIPT = STEPS[-1]["run"]


@pytest.mark.parametrize(
    "path",
    [
        "gunicorn.conf.py",
        "deploy/gunicorn_config.py",
        "Dockerfile",
        "docker/web.Dockerfile",
        "Dockerfile.prod",
        "Procfile",
        "bin/start.sh",
        "app.service",
        "docker-compose.yml",
        "k8s/deployment.yaml",
        "supervisord.conf",
        ".env",
        "requirements/base.txt",
        "requirements.txt",
        "poetry.lock",
    ],
)
def test_the_hook_runs_for_files_that_configure_or_start_gunicorn(path: str) -> None:
    assert re.search(HOOK["files"], path)


@pytest.mark.parametrize("path", ["app/views.py", "README.md", "static/app.js", "tests/test_app.py"])
def test_the_hook_does_not_run_for_others(path: str) -> None:
    assert re.search(HOOK["files"], path) is None


def test_the_hook_judges_the_whole_repository(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    assert HOOK["pass_filenames"] is False
    (tmp_path / "gunicorn.conf.py").write_text("WORKERS = 3\n")
    program, *arguments = HOOK["entry"].split()
    assert program == "gcadvise"
    assert run_gcadvise(*arguments, "--select=GC102").returncode == 1


def test_the_action_uses_flags_and_formats_that_exist() -> None:
    known = flags("validate")
    assert set(re.findall(r"--([a-z][a-z-]+)", SCRIPT)) <= set(known)
    assert set(re.findall(r"--format (\w+)", SCRIPT)) <= {one.value for one in Format}
    assert ACTION["inputs"]["fail-on"]["default"] in {one.value for one in FailOn}


def test_no_input_of_the_action_is_a_part_of_its_script() -> None:
    for step in STEPS:
        assert "${{" not in step["run"]


@pytest.mark.parametrize(("fail_on", "code"), [("error", 1), ("never", 0)])
def test_the_script_of_the_action_runs(tmp_path: Path, fail_on: str, code: int) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "gunicorn.conf.py").write_text("WORKERS = 3\n")
    (tmp_path / "gcadvise" / "bin").mkdir(parents=True)
    (tmp_path / "gcadvise" / "bin" / "gcadvise").symlink_to(Path(sys.executable).with_name("gcadvise"))
    given = {
        "PATHS": "deploy",
        "FAIL_ON": fail_on,
        "SARIF_FILE": "found.sarif",
        "GIVEN_VERSION": "23.0.0",
        "GIVEN_PLATFORM": "docker",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    assert set(STEPS[-1]["env"]) <= set(given)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", SCRIPT],  # as GitHub runs "shell: bash"
        cwd=tmp_path,
        env=child_environment(tmp_path, given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "::error title=GC102 setting-wrong-case,file=deploy/gunicorn.conf.py,line=1," in done.stdout
    assert "GC102" in (tmp_path / "summary.md").read_text()
    assert json.loads((tmp_path / "found.sarif").read_text())["version"] == "2.1.0"
