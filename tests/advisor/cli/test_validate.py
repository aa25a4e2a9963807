"""``gcadvise validate`` as it is used: what it prints where, its exit codes, and what it does to files."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest

import advisor.report
from tests.conftest import RunGcadvise

SCHEMA = json.loads((Path(advisor.report.__file__).parent / "schemas/validate.json").read_text())
CONF = "gunicorn.conf.py"
# One error with a safe fix, one comment that has no effect, and a comment and a hook that must survive.
BAD = """\
# Ours: é
WORKERS = 3
preload_app = "yes"  # quick


def post_fork(server, worker):
    pass
"""
FIXED = BAD.replace("WORKERS", "workers").replace('"yes"', "True")


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / CONF
    path.write_text(BAD, encoding="utf-8")
    return path


def codes(stdout: str) -> list[str]:
    return [finding["code"] for finding in json.loads(stdout)["findings"]]


def test_findings_are_the_answer_and_the_exit_code_is_1(run_gcadvise: RunGcadvise, bad: Path) -> None:
    done = run_gcadvise("validate", "--select", "GC102,GC107")
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("gunicorn.conf.py:2:1: error[GC102] setting-wrong-case: ")
    assert "2 errors, 2 fixable; 2 rules on 1 file" in lines
    assert lines[-1] == "More about a rule: gcadvise rule GC102"


def test_nothing_found_is_exit_code_0(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / CONF).write_text("workers = 2\n")
    done = run_gcadvise("validate", "--select", "GC102")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("No findings; 1 rule on 1 file\n")


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [
        ("warning", "error", 0),
        ("warning", "warning", 1),
        ("info", "warning", 0),
        ("info", "info", 1),
        ("error", "never", 0),
    ],
)
def test_the_exit_code_follows_the_threshold(
    run_gcadvise: RunGcadvise, bad: Path, severity: str, fail_on: str, code: int
) -> None:
    done = run_gcadvise("validate", "--select=GC102", f"--severity=GC102={severity}", f"--fail-on={fail_on}")
    assert done.returncode == code
    assert f" {severity}[GC102] " in done.stdout


def test_json_follows_its_schema(run_gcadvise: RunGcadvise, bad: Path) -> None:
    document = json.loads(run_gcadvise("validate", "--format", "json").stdout)
    jsonschema.validate(document, SCHEMA)
    assert document["files"] == [CONF]
    assert document["configurations"][0]["release"] == "27.0.1"
    assert {"GC102", "GC107"} <= {finding["code"] for finding in document["findings"]}


@pytest.mark.parametrize("shape", ["text", "json", "github", "sarif", "markdown"])
def test_every_format_keeps_the_exit_code_and_standard_error_clean(
    run_gcadvise: RunGcadvise, bad: Path, shape: str
) -> None:
    done = run_gcadvise("validate", f"--format={shape}")
    assert (done.returncode, done.stderr) == (1, "")
    assert "GC102" in done.stdout


def test_a_file_is_judged_by_the_release_that_stands_beside_it(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / CONF).write_text("workers = 2\n")
    (tmp_path / "app" / "requirements.txt").write_text("gunicorn==21.2.0\n")
    for given in ("app/gunicorn.conf.py", "app", "."):
        document = json.loads(run_gcadvise("validate", given, "--format=json").stdout)
        assert document["configurations"][0]["release"] == "21.2.0", given
        assert document["files"] == ["app/gunicorn.conf.py"]
    document = json.loads(run_gcadvise("validate", "app", "--gunicorn-version=23", "--format=json").stdout)
    assert document["configurations"][0]["release"] == "23.0.0"


def test_the_active_environment_tells_the_release_where_no_file_does(run_gcadvise: RunGcadvise, bad: Path) -> None:
    python = bad.parent / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho gcadvise-answer 3.12.0 0 22.0.0\n")
    python.chmod(0o755)
    environment = {"VIRTUAL_ENV": str(bad.parent / "venv")}
    done = run_gcadvise("validate", CONF, "--format=json", env=environment)
    assert json.loads(done.stdout)["configurations"][0]["release"] == "22.0.0"
    (bad.parent / "requirements.txt").write_text("gunicorn==21.2.0\n")
    done = run_gcadvise("validate", CONF, "--format=json", env=environment)
    assert json.loads(done.stdout)["configurations"][0]["release"] == "21.2.0"
    done = run_gcadvise("validate", CONF, "--format=json", f"--python={python}")
    assert json.loads(done.stdout)["configurations"][0]["release"] == "22.0.0"


def test_a_named_dockerfile_is_judged_with_the_file_that_it_loads(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text('FROM python:3.12\nCMD ["gunicorn", "-c", "web.py", "app:app"]\n')
    (tmp_path / "web.py").write_text("threads = 0\nworker_class = 'gthread'\n")
    (tmp_path / "other.gunicorn.conf.py").write_text("WORKERS = 3\n")
    done = run_gcadvise("validate", "Dockerfile", "--format=json", "--select=GC102,GC204")
    assert [(one["code"], one["file"]) for one in json.loads(done.stdout)["findings"]] == [("GC204", "web.py")]


def test_a_file_that_cannot_be_read_is_said(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text("services:\n  web:\n    command: gunicorn a:b\n  db: [\n")
    done = run_gcadvise("validate")
    assert "docker-compose.yml:5:1: warning[GC192] unreadable-file" in done.stdout
    assert done.returncode == 0


def test_standard_input_is_taken_for_a_configuration_file(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("validate", "-", "--format=json", stdin=BAD)
    assert done.returncode == 1
    assert "GC102" in codes(done.stdout)


def test_standard_input_may_be_something_else(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise(
        "validate", "-", "--stdin-filename=Procfile", "--format=json", stdin="web: gunicorn -x app:app\n"
    )
    assert json.loads(done.stdout)["files"] == ["Procfile"]


def test_a_python_file_of_another_name_is_a_configuration_when_it_is_named(
    run_gcadvise: RunGcadvise, tmp_path: Path
) -> None:
    (tmp_path / "production.py").write_text(BAD)
    assert "GC102" in codes(run_gcadvise("validate", "production.py", "--format=json").stdout)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["nowhere.py"], "nowhere.py cannot be read"),
        (["--select", "GC999"], "'GC999' is not a rule"),
        (["--ignore", "setting-wrong-cases"], "'setting-wrong-cases' is not a rule"),
        (["--severity", "GC102=fatal"], "'fatal' is not a severity"),
        (["--severity", "GC102"], "--severity 'GC102' makes no sense"),
        (["--env", "PORT"], "--env 'PORT' makes no sense"),
        (["--gunicorn-version", "new"], "'new' is not a release of Gunicorn"),
        (["--platform", "kubernetis"], "'kubernetis' is not a platform that gcadvise knows"),
        (["--max-db-connections", "0"], "--max-db-connections 0 makes no sense"),
    ],
)
def test_bad_input_is_three_lines_and_exit_code_2(
    run_gcadvise: RunGcadvise, bad: Path, arguments: list[str], what: str
) -> None:
    done = run_gcadvise("validate", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert lines[0] == f"Error: {what}"


def test_a_directory_without_a_configuration_could_not_be_judged(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run_gcadvise("validate", "empty")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: there is no configuration of Gunicorn in empty\n")


def test_a_named_file_that_has_nothing_to_do_with_gunicorn_is_no_failure(
    run_gcadvise: RunGcadvise, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text('FROM nginx\nCMD ["nginx"]\n')
    done = run_gcadvise("validate", "Dockerfile")
    assert done.returncode == 0
    assert "1 file, none of which configures or starts Gunicorn" in done.stdout


def test_fixes_change_what_they_say_and_nothing_else(run_gcadvise: RunGcadvise, bad: Path) -> None:
    done = run_gcadvise("validate", "--fix", "--select=GC102,GC107")
    assert done.returncode == 0
    assert bad.read_text(encoding="utf-8") == FIXED
    assert bad.with_name("gunicorn.conf.py.bak").read_text(encoding="utf-8") == BAD
    assert done.stderr == "Mended gunicorn.conf.py: 2 fixes; the former file is kept as gunicorn.conf.py.bak.\n"
    assert done.stdout.startswith("No findings; ")


def test_a_second_run_changes_nothing(run_gcadvise: RunGcadvise, bad: Path) -> None:
    run_gcadvise("validate", "--fix", "--unsafe-fixes")
    after = bad.read_bytes()
    stamp = bad.stat().st_mtime_ns
    done = run_gcadvise("validate", "--fix", "--unsafe-fixes")
    assert "Mended" not in done.stderr
    assert (bad.read_bytes(), bad.stat().st_mtime_ns) == (after, stamp)


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_line_ends_and_the_last_line_stay(run_gcadvise: RunGcadvise, tmp_path: Path, end: bytes) -> None:
    path = tmp_path / CONF
    path.write_bytes(end.join([b"# one", b"WORKERS = 3", b"threads = 2  # three"]))
    run_gcadvise("validate", "--fix", "--select=GC102")
    assert path.read_bytes() == end.join([b"# one", b"workers = 3", b"threads = 2  # three"])


def test_a_file_that_is_not_utf_8_is_left_alone(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    path = tmp_path / CONF
    content = "# coding: latin-1\n# é\nWORKERS = 3\n".encode("latin-1")
    path.write_bytes(content)
    done = run_gcadvise("validate", "--fix", "--select=GC102")
    assert path.read_bytes() == content
    assert done.returncode == 1


def test_there_is_no_backup_in_a_working_copy(run_gcadvise: RunGcadvise, bad: Path) -> None:
    (bad.parent / ".git").mkdir()
    done = run_gcadvise("validate", "--fix", "--select=GC102,GC107")
    assert bad.read_text(encoding="utf-8") == FIXED
    assert list(bad.parent.glob("*.bak*")) == []
    assert done.stderr == "Mended gunicorn.conf.py: 2 fixes.\n"


def test_the_diff_is_shown_and_nothing_is_written(run_gcadvise: RunGcadvise, bad: Path) -> None:
    done = run_gcadvise("validate", "--diff", "--select=GC102,GC107")
    assert done.returncode == 1
    assert bad.read_text(encoding="utf-8") == BAD
    assert "-WORKERS = 3\n" in done.stdout
    assert "+workers = 3\n" in done.stdout
    patched = subprocess.run(
        ["patch", "-p1"], input=done.stdout, text=True, cwd=bad.parent, check=False, capture_output=True
    )
    assert patched.returncode == 0, patched.stdout + patched.stderr
    assert bad.read_text(encoding="utf-8") == FIXED


def test_a_diff_without_changes_is_exit_code_0(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / CONF).write_text("workers = 2\n")
    done = run_gcadvise("validate", "--diff", "--select=GC102")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Nothing to mend.\n")


def test_standard_input_is_mended_to_standard_output(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("validate", "-", "--fix", "--select=GC102,GC107", stdin=BAD)
    assert (done.returncode, done.stdout) == (0, FIXED)


def test_a_fix_that_would_bring_an_error_is_refused_and_said(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    path = tmp_path / CONF
    path.write_text("WORKERS = 'four'\nTHREADS = 2\n")
    done = run_gcadvise("validate", "--fix", "--unsafe-fixes", "--select=GC102")
    assert path.read_text() == "WORKERS = 'four'\nthreads = 2\n"
    assert done.stderr.startswith("gunicorn.conf.py:1:1: not mended (")
    assert done.returncode == 1


def test_the_settings_file_selects_and_ignores(run_gcadvise: RunGcadvise, bad: Path) -> None:
    (bad.parent / "gcadvise.toml").write_text(
        '[validate]\nselect = ["GC102", "GC107"]\nseverity = {GC107 = "info"}\n'
        'per-file-ignores = {"gunicorn*" = ["GC102"]}\n'
    )
    document = json.loads(run_gcadvise("validate", "--format=json").stdout)
    assert [(one["code"], one["severity"]) for one in document["findings"]] == [("GC107", "info")]
    assert document["summary"]["ignored"] == 1
    assert codes(run_gcadvise("validate", "--select=GC102", "--per-file-ignores=x=GC1", "--format=json").stdout) == [
        "GC102"
    ]


def test_a_key_or_a_rule_that_is_not_known_in_the_settings_file_is_an_error(
    run_gcadvise: RunGcadvise, bad: Path
) -> None:
    settings = bad.parent / "gcadvise.toml"
    settings.write_text("[validate]\nselct = ['GC102']\n")
    done = run_gcadvise("validate")
    assert done.returncode == 2
    assert "did you mean 'select'?" in done.stderr
    settings.write_text("[validate]\nignore = ['setting-wrong-cass']\n")
    done = run_gcadvise("validate")
    assert done.returncode == 2
    assert "did you mean 'setting-wrong-case'?" in done.stderr


def test_colour_is_for_terminals_and_on_request(run_gcadvise: RunGcadvise, bad: Path) -> None:
    assert "\x1b[" not in run_gcadvise("validate").stdout
    assert "\x1b[" in run_gcadvise("validate", "--color=always").stdout
    assert "\x1b[" not in run_gcadvise("validate", "--color=never").stdout


def test_nothing_of_the_users_is_executed(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / CONF).write_text("open('trace', 'w').close()\nimport os\nos.mkdir('trace2')\nworkers = 2\n")
    run_gcadvise("validate", ".")
    assert sorted(path.name for path in tmp_path.iterdir()) == [CONF]


def test_the_variables_that_are_given_count(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / CONF).write_text("import os\npreload_app = os.environ.get('PRELOAD', True)\n")
    assert codes(run_gcadvise("validate", "--select=GC107", "--format=json").stdout) == []
    done = run_gcadvise("validate", "--select=GC107", "--format=json", "--env", "PRELOAD=yes")
    assert codes(done.stdout) == ["GC107"]


def test_files_are_executed_on_request_alone_and_that_is_said(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / CONF).write_text("globals()['preload_' + ''.join(map(chr, [97, 112, 112]))] = eval('\"yes\"')\n")
    (tmp_path / "beside.py").write_text("x = 1\n")
    read = run_gcadvise("validate", CONF, "--select=GC107", "--format=json")
    assert codes(read.stdout) == []
    done = run_gcadvise("validate", CONF, "--select=GC107", "--format=json", "--execute")
    assert codes(done.stdout) == ["GC107"]
    assert done.stderr.startswith("Configuration files are executed, with ")


def test_the_transcript_in_the_documentation_is_what_is_printed(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    page = (Path(advisor.report.__file__).parents[2] / "docs" / "validate.md").read_text(encoding="utf-8")
    conf = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    shown = re.search(r"```console\n\$ gcadvise (validate [^\n]*)\n(.*?)```", page, re.DOTALL)
    assert conf is not None
    assert shown is not None
    (tmp_path / CONF).write_text(conf[1])
    printed = run_gcadvise(*shown[1].split()).stdout
    assert _without_count(printed) == _without_count(shown[2])


def _without_count(text: str) -> str:
    return re.sub(r"\d+ rules", "N rules", text)


MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 20
      containers:
        - name: web
          command: ["gunicorn", "shop.wsgi", "-b", "0.0.0.0:8000"]
          args: ["--workers=5", "--graceful-timeout=60"]
          resources:
            limits: {cpu: "1", memory: 512Mi}
"""


def test_the_transcript_in_the_readme_is_what_is_printed(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```console\n\$ gcadvise (validate .*?)\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    (tmp_path / "deployment.yaml").write_text(MANIFEST)
    assert run_gcadvise(*block[1].split()).stdout == block[2]


def test_the_number_of_rules_in_the_documentation_is_current() -> None:
    from gunicorn_conf.rules.registry import RULES

    root = Path(__file__).parents[3]
    for page in ("README.md", "CHANGELOG.md"):
        numbers = re.findall(r"(\d+) rules[ ,]", (root / page).read_text(encoding="utf-8"))
        assert str(len(RULES)) in numbers, page
    assert f"{len(RULES)} of {len(RULES)}" in (root / "docs/validate.md").read_text(encoding="utf-8")
