"""The command as a user runs it: standard output, standard error and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from advisor.report import concurrency as report
from tests.conftest import RunGcadvise

_SCHEMA = json.loads(Path(report.__file__).with_name("schemas").joinpath("concurrency.json").read_text())


def test_without_anything_it_is_gunicorns_defaults_on_the_sample_app(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("workers = 5\n")  # not asked for, so not used
    done = run_gcadvise("concurrency", "--requests", "3", "--path", "/io?seconds=0.2")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Gunicorn 27.0.1: 1 worker, sync")
    assert "Waves           1, 1, 1" in done.stdout
    assert done.stderr.splitlines() == [
        "concurrency: starting Gunicorn",
        "concurrency: 1 worker ready, sending 3 requests",
    ]


def test_gunicorns_own_arguments_come_after_two_dashes(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise(
        *("concurrency", "-n", "8", "--path", "/io?seconds=0.5", "--format", "json", "--"),
        *("-w", "2", "--threads", "2", "--worker-connections", "2", "--keep-alive", "0"),
    )
    assert done.returncode == 0
    document = json.loads(done.stdout)
    jsonschema.validate(document, _SCHEMA)
    (result,) = document["results"]
    assert (result["promised"], result["served_at_once"], result["waves"], result["kept"]) == (4, 4, [4, 4], True)


def test_a_configuration_and_the_environment_are_used_as_gunicorn_would(
    run_gcadvise: RunGcadvise, tmp_path: Path
) -> None:
    (tmp_path / "conf.py").write_text("wsgi_app = 'shop:app'\n")
    (tmp_path / "shop.py").write_text(
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'hi']\n"
    )
    done = run_gcadvise("concurrency", "-c", "conf.py", "-n", "1", env={"WEB_CONCURRENCY": "2"})
    assert done.stdout.splitlines()[0] == "Gunicorn 27.0.1: 2 workers, sync"
    assert done.stdout.splitlines()[1].startswith("App shop:app, configuration ")
    assert "1 request for / sent" in done.stdout
    assert (done.returncode, "cannot be told" in done.stdout) == (1, True)


def test_chdir_is_where_gunicorn_starts(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "gunicorn.conf.py").write_text("wsgi_app = 'sample_app:app'\nthreads = 2\n")
    done = run_gcadvise("concurrency", "--chdir", str(project), "-n", "2", "--path", "/io?seconds=0.3")
    assert (done.returncode, done.stdout.splitlines()[0].split(", worker_")[0]) == (
        0,
        "Gunicorn 27.0.1: 1 worker × 2 threads, gthread",
    )


def test_output_that_is_not_unicode_gets_ascii(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("concurrency", "-n", "1", "--path", "/", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_a_broken_promise_exits_1_with_the_log_of_the_failure(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("def app(environ, start_response):\n    raise RuntimeError('no luck')\n")
    done = run_gcadvise("concurrency", "--app", "shop:app", "-n", "2")
    assert done.returncode == 1
    assert "the app answered 500 to 2 of 2 requests" in done.stdout
    assert "RuntimeError: no luck" in done.stderr


def test_an_app_that_cannot_be_imported_exits_2_with_gunicorns_log(run_gcadvise: RunGcadvise, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("import no_such_module\n")
    done = run_gcadvise("concurrency", "--app", "shop:app")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: Gunicorn did not start" in done.stderr
    assert "No module named 'no_such_module'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--requests", "1001"], "1,001 requests cannot be sent at once"),
        (["--requests", "0"], "0 requests cannot be sent at once"),
        (["--timeout", "0"], "0 s is not a time to wait for an answer"),
        (["--timeout", "nan"], "nan s is not a time to wait for an answer"),
        (["--path", "io"], "'io' is not a path"),
        (["--config", "missing.py"], "missing.py is not a file"),
        (["--app", "-x"], "'-x' is not an app"),
        (["--python", "/no/python"], "there is no Python at '/no/python'"),
        (["--url", "http://staging.example/"], "staging.example is not this machine"),
        (["--url", "http://127.0.0.1:1/", "--app", "a:b"], "--url does not go with"),
        (["--url", "nonsense"], "'nonsense' is not the address of a server"),
        (["--url", "http://127.0.0.1:1/"], "nothing answers at http://127.0.0.1:1/"),
        (["--promised", "3"], "--promised and --i-am-allowed-to-load go with --url alone"),
        (["--url", "http://127.0.0.1:1/", "--promised", "0"], "--promised 0 is not a number of requests"),
        (["--experiments", "--app", "a:b"], "--experiments does not go with"),
        (["--experiments", "--path", "/cpu"], "the experiments cannot use '/cpu'"),
        (["--", "--no-such-flag"], "Gunicorn did not start"),
    ],
)
def test_what_cannot_be_used_exits_2_and_says_what_to_do(
    run_gcadvise: RunGcadvise, arguments: list[str], said: str
) -> None:
    done = run_gcadvise("concurrency", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Error: {said}" in done.stderr
    assert "  Fix: " in done.stderr


def test_the_experiments_go_as_expected(run_gcadvise: RunGcadvise) -> None:
    done = run_gcadvise("concurrency", "--experiments", "--path", "/io?seconds=0.4", "--format", "json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, _SCHEMA)
    results = document["results"]
    assert done.returncode == 0
    assert [each["waves"] for each in results if each["must_hold"]] == [[1] * 5, [3, 2], [3, 2], [9, 9, 2]]
    assert len(results) == 5
