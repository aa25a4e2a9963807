"""``gcadvise startup`` as it is typed: what is shown, written, refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

import advisor.report
from gunicorn_conf.write.startups.registry import WRITERS, place_of
from tests.conftest import RunGcadvise

SCHEMAS = Path(advisor.report.__file__).parent / "schemas"
SCHEMA, INSPECT = (json.loads((SCHEMAS / f"{name}.json").read_text()) for name in ("startup", "inspect"))
REGISTRY: Registry[Any] = Registry().with_resource("inspect.json", Resource.from_contents(INSPECT))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, registry=REGISTRY)

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
SIZE = ("--sku", "P1v3", "--gunicorn-version", "27.0.1")
APP_SERVICE = ("startup", "app-service", *SIZE, "--io-bound")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with a Flask app."""
    (tmp_path / "app.py").write_text(FLASK)
    return tmp_path


def document(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    VALIDATOR.validate(found)
    return found


def test_files_and_steps_are_shown_and_nothing_is_written(run_gcadvise: RunGcadvise, project: Path) -> None:
    done = run_gcadvise(*APP_SERVICE)
    assert (done.returncode, done.stderr) == (0, "")
    for piece in (
        "app:app (WSGI, flask; found in app.py, as App Service finds it)",
        '\nexec gunicorn -c "$app_dir/gunicorn.conf.py" app:app\n',
        "5 workers × 16 threads, gthread: 80 requests at once",
        'az webapp config set --resource-group GROUP --name NAME --startup-file "exec bash startup.sh"',
        "resource app 'Microsoft.Web/sites@",
    ):
        assert piece in done.stdout
    assert [path.name for path in project.iterdir()] == ["app.py"]


def test_files_are_written_the_script_can_be_run_and_a_second_run_changes_nothing(
    run_gcadvise: RunGcadvise, project: Path
) -> None:
    done = run_gcadvise(*APP_SERVICE, "-o", "new/deploy")
    assert done.returncode == 0
    written = {path.name: path for path in (project / "new" / "deploy").iterdir()}
    assert set(written) == {"startup.sh", "gunicorn.conf.py", "app-service.bicep", "app-service.json"}
    assert os.access(written["startup.sh"], os.X_OK)
    assert not os.access(written["gunicorn.conf.py"], os.X_OK)
    assert b"\r" not in written["startup.sh"].read_bytes()
    assert "exec gunicorn" not in done.stdout  # it is in the file
    again = run_gcadvise(*APP_SERVICE, "-o", "new/deploy")
    assert again.returncode == 0
    assert "startup.sh is already so; nothing written." in again.stderr


def test_no_file_is_replaced_unasked_and_none_is_written_then(run_gcadvise: RunGcadvise, project: Path) -> None:
    (project / "gunicorn.conf.py").write_text("workers = 1\n")
    done = run_gcadvise(*APP_SERVICE, "-o", ".")
    assert (done.returncode, done.stdout) == (2, "")
    assert "gunicorn.conf.py in . exists; nothing was written" in done.stderr
    assert not (project / "startup.sh").exists()
    done = run_gcadvise(*APP_SERVICE, "-o", ".", "--force")
    assert done.returncode == 0
    assert "the former file is kept as gunicorn.conf.py.bak" in done.stderr
    assert (project / "gunicorn.conf.py.bak").read_text() == "workers = 1\n"


def test_the_file_is_the_one_that_recommend_writes(run_gcadvise: RunGcadvise, project: Path) -> None:
    run_gcadvise(*APP_SERVICE, "-o", "out")
    recommended = run_gcadvise("recommend", "--io-bound", *SIZE, "--format", "conf").stdout
    assert (project / "out" / "gunicorn.conf.py").read_text() == recommended


def test_a_fastapi_app_gets_event_loops(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FASTAPI)
    shown = document(run_gcadvise(*APP_SERVICE, "--format", "json").stdout)
    assert shown["app"] == {
        "target": "main:app",
        "kind": "asgi",
        "framework": "fastapi",
        "source": "found in main.py, as App Service finds it from Python 3.14 on",
    }
    assert shown["server"]["worker_class"] == "uvicorn_worker.UvicornWorker"
    assert (shown["server"]["workers"], shown["server"]["threads"]) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("main:app",), "asgi"),
        (("main:app", "--wsgi"), "wsgi"),
        (("other:app",), "wsgi"),
        (("other:app", "--asgi"), "asgi"),
    ],
)
def test_the_interface_is_told_from_the_source_or_given(
    run_gcadvise: RunGcadvise, tmp_path: Path, arguments: tuple[str, ...], kind: str
) -> None:
    (tmp_path / "main.py").write_text(FASTAPI)
    platform, *rest = APP_SERVICE[1:]
    shown = document(run_gcadvise("startup", platform, *arguments, *rest, "--format", "json").stdout)
    assert shown["app"]["kind"] == kind


def test_a_factory_that_is_not_called_is_a_warning(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("from flask import Flask\ndef create_app():\n    return Flask(__name__)\n")
    done = run_gcadvise("startup", "app-service", "shop:create_app", *SIZE, "--io-bound")
    assert "Gunicorn then needs shop:create_app()" in " ".join(done.stdout.split())


def test_the_apps_of_a_plan_share_its_memory(run_gcadvise: RunGcadvise, project: Path) -> None:
    alone = document(run_gcadvise(*APP_SERVICE, "--worker-memory", "1GiB", "--format", "json").stdout)
    shared = document(
        run_gcadvise(*APP_SERVICE, "--worker-memory", "1GiB", "--apps-in-plan", "4", "--format", "json").stdout
    )
    assert alone["server"]["workers"] > shared["server"]["workers"] == 1


def test_detect_counts_by_the_limits_that_were_given(run_gcadvise: RunGcadvise, project: Path) -> None:
    run_gcadvise(*APP_SERVICE, "--detect", "--max-db-connections", "100", "-o", "out")
    script = (project / "out" / "startup.sh").read_text()
    assert "count=$((cpus * 2 / 1000 + 1))" in script
    assert 'count=$(least "$count" 6)' in script  # 100 connections in workers of 16 threads


def test_the_release_is_that_of_the_requirements(run_gcadvise: RunGcadvise, project: Path) -> None:
    (project / "requirements.txt").write_text("gunicorn==22.0.0\nflask\n")
    command = ("startup", "app-service", "--sku", "P1v3", "--io-bound", "--format", "json")
    assert document(run_gcadvise(*command).stdout)["server"]["gunicorn"] == "22.0.0"
    given = document(run_gcadvise(*command, "--gunicorn-version", "23.0.0").stdout)
    assert given["server"]["gunicorn"] == "23.0.0"


# --- an existing file -----------------------------------------------------------------------------------------


def test_an_existing_file_is_kept_as_it_is(run_gcadvise: RunGcadvise, project: Path) -> None:
    text = "# mine\nworkers = 3\nthreads = 2\n"
    (project / "my.conf.py").write_text(text)
    done = run_gcadvise("startup", "app-service", "--from", "my.conf.py", *SIZE, "--format", "json", "-o", "out")
    shown = document(done.stdout)
    assert (shown["server"]["workers"], shown["server"]["threads"]) == (3, 2)
    assert (project / "out" / "gunicorn.conf.py").read_text() == text
    script = (project / "out" / "startup.sh").read_text()
    flags = "--timeout 240 --graceful-timeout 4 --access-logfile - --no-control-socket"
    assert script.splitlines()[-1].endswith(f"{flags} app:app")
    assert all(file["written"] for file in shown["files"])


def test_what_validate_finds_in_an_existing_file_is_a_warning(run_gcadvise: RunGcadvise, project: Path) -> None:
    (project / "bad.py").write_text('worker = 3\nbind = "127.0.0.1:8000"\n')
    shown = document(run_gcadvise("startup", "app-service", "--from", "bad.py", *SIZE, "--format", "json").stdout)
    assert any("gcadvise rule" in text and "worker" in text for text in shown["warnings"])


def test_an_existing_file_for_asgi_makes_the_app_asgi(run_gcadvise: RunGcadvise, project: Path) -> None:
    (project / "a.py").write_text('worker_class = "uvicorn_worker.UvicornWorker"\n')
    shown = document(run_gcadvise("startup", "app-service", "x:y", "--from", "a.py", *SIZE, "--format", "json").stdout)
    assert shown["app"]["kind"] == "asgi"


@pytest.mark.parametrize(
    ("app", "conf", "said"),
    [
        (FASTAPI, "workers = 3\n", "app:app is an ASGI app, and a.py runs it on sync workers"),
        (FASTAPI, "threads = 4\n", "app:app is an ASGI app, and a.py runs it on"),
        (FASTAPI, 'worker_class = "uvicorn_worker.UvicornWorker"\n', None),
        (FLASK, "workers = 3\n", None),
        (FLASK, 'worker_class = "uvicorn_worker.UvicornWorker"\n', "app:app is a WSGI app"),
    ],
)
def test_a_worker_class_that_cannot_call_the_app_is_a_warning(
    app: str, conf: str, said: str | None, run_gcadvise: RunGcadvise, project: Path
) -> None:
    (project / "app.py").write_text(app)
    (project / "a.py").write_text(conf)
    shown = document(run_gcadvise("startup", "docker", "--from", "a.py", *SIZE[2:], "--format", "json").stdout)
    found = [text for text in shown["warnings"] if "SGI app, and a.py runs it" in text]
    assert len(found) == (said is not None)
    assert said is None or said in found[0]


@pytest.mark.parametrize("platform", ["docker", "systemd", "shell"])
def test_detect_is_for_app_service_alone(run_gcadvise: RunGcadvise, project: Path, platform: str) -> None:
    done = run_gcadvise("startup", platform, "--io-bound", "--detect")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--detect is for app-service alone" in done.stderr


@pytest.mark.parametrize("name", ["a", "shop_1", "-shop", "shop-", "a b", "x" * 61])
def test_a_name_that_app_service_refuses_is_refused(run_gcadvise: RunGcadvise, project: Path, name: str) -> None:
    done = run_gcadvise(*APP_SERVICE, f"--name={name}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is no name of an App Service app" in done.stderr


@pytest.mark.parametrize(
    ("name", "called"), [("a", "a-app"), ("root", "root-app"), ("Shop One", "shop-one"), ("x" * 60, "x" * 49)]
)
def test_a_name_that_others_refuse_is_changed_and_that_is_said(
    run_gcadvise: RunGcadvise, project: Path, name: str, called: str
) -> None:
    shown = document(run_gcadvise("startup", "systemd", "--io-bound", "--name", name, "--format", "json").stdout)
    assert f"{called}.service" in [file["path"] for file in shown["files"]]
    assert any(text.startswith(f"It is called {called} here") for text in shown["explanations"])


def test_a_profile_sizes_and_one_of_another_app_is_a_warning(run_gcadvise: RunGcadvise, project: Path) -> None:
    request = {"wall_ms": 210.0, "cpu_ms": 8.4, "wait_ratio": 24.0}
    profile = {"schema": "gcadvise.profile/1", "app": "other:app", "request": request, "worker": {"memory_bytes": 9e7}}
    (project / "p.json").write_text(json.dumps(profile))
    size = ("--cpus", "2", "--memory", "2GiB", "--gunicorn-version", "27.0.1")
    shown = document(run_gcadvise("startup", "docker", "--profile", "p.json", *size, "--format", "json").stdout)
    assert (shown["server"]["workers"], shown["server"]["threads"]) == (5, 10)
    assert "The profile is that of other:app, and what starts is app:app." in shown["warnings"]
    assert run_gcadvise("startup", "docker", "--profile", "p.json", "--from", "p.json").returncode == 2


def test_detect_with_a_fixed_number_of_workers_is_refused(run_gcadvise: RunGcadvise, project: Path) -> None:
    (project / "a.py").write_text("workers = 4\n")
    done = run_gcadvise("startup", "app-service", "--from", "a.py", "--detect", *SIZE)
    assert done.returncode == 2
    assert "WEB_CONCURRENCY" in done.stderr
    (project / "a.py").write_text('import os\nworkers = int(os.environ.get("WEB_CONCURRENCY") or 4)\n')
    assert run_gcadvise("startup", "app-service", "--from", "a.py", "--detect", *SIZE).returncode == 0


@pytest.mark.parametrize(("said", "meant"), [("fargate", "ecs"), ("k8s", "kubernetes"), ("dokcer", "docker")])
def test_another_name_of_a_platform_leads_to_it(run_gcadvise: RunGcadvise, said: str, meant: str) -> None:
    done = run_gcadvise("startup", said)
    assert done.returncode == 2
    assert f"did you mean '{meant}'?" in done.stderr


# --- every platform -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("app", [FLASK, FASTAPI], ids=["flask", "fastapi"])
@pytest.mark.parametrize("platform", WRITERS)
def test_validate_has_no_finding_in_the_written_folder(
    run_gcadvise: RunGcadvise, project: Path, platform: str, app: str
) -> None:
    (project / "app.py").write_text(app)
    size = ("--cpus", "2", "--memory", "2GiB", "--gunicorn-version", "27.0.1")
    assert run_gcadvise("startup", platform, "--cpu-bound", *size, "-o", ".").returncode == 0
    done = run_gcadvise("validate", ".")
    assert (done.returncode, done.stderr) == (0, "")
    assert "GC" not in done.stdout


@pytest.mark.parametrize("platform", WRITERS)
def test_every_platform_writes_its_files(run_gcadvise: RunGcadvise, project: Path, platform: str) -> None:
    size = ("--cpus", "2", "--memory", "2GiB", "--gunicorn-version", "27.0.1")
    done = run_gcadvise("startup", platform, "--io-bound", *size, "-o", "out", "--format", "json")
    assert done.returncode == 0, done.stderr
    shown = document(done.stdout)
    assert shown["platform"] == platform
    for file in shown["files"]:
        assert (project / "out" / file["path"]).read_text() == file["text"]
    text = run_gcadvise("startup", platform, "--io-bound", *size)
    assert text.returncode == 0
    assert text.stdout.startswith(f"Platform   {platform}\n")


def test_the_list_shows_every_platform_with_its_sources(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("startup", "--list")
    assert done.returncode == 0
    shown = document(run_gcadvise("startup", "--list", "--format", "json").stdout)
    assert [one["name"] for one in shown["platforms"]] == list(WRITERS)
    for name in WRITERS:
        assert f"{name}: " in done.stdout
    plain = " ".join(done.stdout.split())
    assert "WEBSITES_CONTAINER_STOP_TIME_LIMIT (at most 120): stated for custom containers" in plain
    assert "not verified)" in plain


@pytest.mark.parametrize("platform", WRITERS)
def test_rule_explains_the_record_of_each(run_gcadvise: RunGcadvise, platform: str) -> None:
    assert run_gcadvise("rule", place_of(platform)).returncode == 0


# --- what cannot be ---------------------------------------------------------------------------------------------

BAD_INPUT = {
    "no platform": ((), "gcadvise startup app-service"),
    "misspelt": (("app-servce", "--io-bound"), "did you mean 'app-service'"),
    "no kind": (("app-service", *SIZE), "--io-bound"),
    "empty app": (("app-service", " ", *SIZE, "--io-bound"), "module:variable"),
    "apps elsewhere": (("docker", "--io-bound", "--apps-in-plan", "2"), "--memory-share"),
    "apps and share": ((*APP_SERVICE[1:], "--apps-in-plan", "2", "--memory-share", "0.5"), "one of them"),
    "no apps": ((*APP_SERVICE[1:], "--apps-in-plan", "0"), "--apps-in-plan 1"),
    "health": ((*APP_SERVICE[1:], "--health-path", "health"), "/health"),
    "name": ((*APP_SERVICE[1:], "--name", " "), "--name shop"),
    "no file": (("app-service", *SIZE, "--from", "none.py"), "a gunicorn.conf.py that exists"),
    "no directory": ((*APP_SERVICE[1:], "--chdir", "nowhere"), "--chdir"),
    "a file": ((*APP_SERVICE[1:], "-o", "app.py"), "another directory"),
    "size unknown": (("app-service", "--sku", "F1", "--io-bound"), "--cpus"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_ends_with_2_and_says_what_to_do(run_gcadvise: RunGcadvise, project: Path, case: str) -> None:
    arguments, hint = BAD_INPUT[case]
    done = run_gcadvise("startup", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert 2 <= len(lines) <= 3
    assert lines[-1].startswith("  Fix: ")
    assert hint in lines[-1]


def test_where_no_app_is_found_one_is_asked_for(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise(*APP_SERVICE)
    assert done.returncode == 2
    assert "name the app, as in module:variable" in done.stderr
