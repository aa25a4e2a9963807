"""``gcadvise inspect`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import advisor.report
from tests.conftest import RunGcadvise

SCHEMA = json.loads((Path(advisor.report.__file__).parent / "schemas/inspect.json").read_text())


def host_of(stdout: str) -> dict[str, object]:
    document = json.loads(stdout)
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
    host = document["host"]
    assert isinstance(host, dict)
    return host


def test_text_has_a_line_for_each_fact_and_nothing_on_stderr(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("inspect")
    assert (done.returncode, done.stderr) == (0, "")
    labels = [line[:15].strip() for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert labels == ["CPUs", "Memory", "Available", "Platform", "Python", "Gunicorn", "Shared memory"]


def test_json_of_this_machine_follows_its_schema(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("inspect", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert not host_of(done.stdout)["described"]


def test_flags_win_over_variables_and_variables_over_files(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.gcadvise]\ncpus = 1.5\nmemory = "1GiB"\nplatform = "heroku"\n')
    done = run_gcadvise(
        "inspect", "--format=json", "--cpus=500m", env={"GCADVISE_CPUS": "2", "GCADVISE_MEMORY": "512MiB"}
    )
    assert done.returncode == 0, done.stderr
    host = host_of(done.stdout)
    assert (host["cpus"], host["cpus_source"]) == (0.5, "given with --cpus")
    assert (host["memory_bytes"], host["memory_source"]) == (512 * 1024**2, "given with GCADVISE_MEMORY")
    assert host["platform"] == "heroku"
    assert host["platform_source"] == "given as platform in gcadvise.toml or pyproject.toml"
    assert host["described"]


def test_a_number_in_a_file_is_as_good_as_text(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "gcadvise.toml").write_text("[inspect]\ncpus = 2\nmemory = 1073741824\n")
    host = host_of(run_gcadvise("inspect", "--format=json").stdout)
    assert (host["cpus"], host["memory_bytes"]) == (2.0, 1024**3)


def test_a_plan_size_from_a_variable(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("inspect", "--cpus", "3", env={"GCADVISE_SKU": "p1v2"})
    lines = done.stdout.splitlines()
    assert lines[0].split(maxsplit=2) == ["CPUs", "3", "given with --cpus"]
    assert "plan size P1v2: 1 vCPU, 3.5 GiB (unverified: " in lines[1]
    assert "Platform       app-service  implied: given with GCADVISE_SKU" in lines


def test_the_platform_is_found_in_the_environment(run_gcadvise: RunGcadvise) -> None:
    host = host_of(run_gcadvise("inspect", "--format=json", env={"WEBSITE_SITE_NAME": "shop"}).stdout)
    assert (host["platform"], host["platform_source"]) == ("app-service", "WEBSITE_SITE_NAME is set")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--cpus", "0"], "'0' is not a number of CPUs"),
        (["--memory", "-1"], "'-1' is not a size of memory"),
        (["--platform", "apservice"], "'apservice' is not a platform that gcadvise knows"),
        (["--sku", "P1v33"], "'P1v33' is not an App Service plan size that gcadvise knows"),
        (["--python", "/nowhere"], "there is no Python at '/nowhere'"),
    ],
)
def test_bad_input_is_three_lines_and_exit_code_2(run_gcadvise: RunGcadvise, arguments: list[str], what: str) -> None:
    done = run_gcadvise("inspect", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert lines[0] == f"Error: {what}"
    assert lines[1].startswith("  Why: ")
    assert lines[2].startswith("  Fix: ")


def test_bad_input_from_a_variable_names_the_variable(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("inspect", env={"GCADVISE_CPUS": "many"})
    assert done.returncode == 2
    assert "  Why: given with GCADVISE_CPUS; it must be a number above zero" in done.stderr.splitlines()
