"""What every platform's files have in common, and what is particular to each."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
import yaml

from advisor.cli.gather import gather
from advisor.units import GIB, MIB
from advisor.workload.workload import Kind
from gunicorn_conf.assemble import Circumstances
from gunicorn_conf.errors import BadInput
from gunicorn_conf.release import NEWEST_KNOWN, Release
from gunicorn_conf.rules.subject import Deployment
from gunicorn_conf.validate import validate
from gunicorn_conf.write.startup import CONF_NAME, Options, Startup
from gunicorn_conf.write.startups.registry import WRITERS, place_of
from tests.conftest import MatchesFile
from tests.gunicorn_conf.write.startups.servers import HEALTH, PLATFORMS, make_server, make_startup, put, text_of

EXPECTED = Path(__file__).parent / "expected"
# Before it gthread workers take more connections than they have threads, whatever is set; the plan warns of it too.
CURED = Release(25, 0, 0)


def everything(made: Startup) -> str:
    """All files but the configuration, which is tested by itself, and what is shown, as one text."""
    parts = [
        f"==> {file.path}{' (executable)' if file.executable else ''}\n{file.text}"
        for file in made.files
        if file.path != CONF_NAME
    ]
    parts += [f"==> {one.file_name or one.title} ({one.language})\n{one.text}" for one in made.fragments]
    for step in made.steps:
        parts.append("\n".join([f"==> {step.title}", step.text, *step.commands]) + "\n")
    parts += [f"- {text}\n" for text in made.explanations]
    parts += [f"! {text}\n" for text in made.warnings]
    return "\n".join(parts)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_whole_output(platform: str, matches_file: MatchesFile) -> None:
    matches_file(everything(make_startup(platform, HEALTH)), EXPECTED / f"{platform}.txt")


@pytest.mark.parametrize("release", [Release(20, 1, 0), Release(23, 0, 0), NEWEST_KNOWN], ids=str)
@pytest.mark.parametrize("options", [Options(), HEALTH], ids=["no path", "path"])
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("platform", WRITERS)
def test_validate_finds_nothing(platform: str, kind: Kind, options: Options, release: Release, tmp_path: Path) -> None:
    server = make_server(platform, kind=kind, release=release)
    put(make_startup(platform, options, server), tmp_path)
    (tmp_path / "requirements.txt").write_text(f"flask\ngunicorn=={release}\n")
    gathered = gather([str(tmp_path)], stdin_filename="")
    for where in (Deployment(), Deployment(platform=place_of(platform), cpus=server.cpus)):
        result = validate(gathered.files, Circumstances(deployment=where))
        assert any(path.endswith("gunicorn.conf.py") for path in result.judged)
        found = [f"{one.code} {one.problem.message}" for one in result.findings]
        assert [text for text in found if release >= CURED or not text.startswith("GC211")] == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_files_stay_in_their_directory_and_have_plain_line_ends(platform: str) -> None:
    made = make_startup(platform, HEALTH, make_server(platform, name="../../etc/päss wd"))
    paths = [file.path for file in made.files] + [one.file_name for one in made.fragments if one.file_name]
    assert len(paths) == len(set(paths))
    for path in paths:
        assert not PurePosixPath(path).is_absolute()
        assert ".." not in PurePosixPath(path).parts
    for file in made.files:
        assert file.text.endswith("\n")
        assert "\r" not in file.text
    assert any("It is called etc-p-ss-wd here" in text for text in made.explanations)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_command_can_be_pasted(platform: str) -> None:
    made = make_startup(platform, HEALTH, make_server(platform, name="a;rm -rf $HOME"))
    for step in made.steps:
        for command in step.commands:
            assert not set(";$`\n") & set("".join(shlex.split(command)))


@pytest.mark.parametrize(
    "platform", [name for name in PLATFORMS if name in ("heroku", "elastic-beanstalk", "supervisor")]
)
def test_a_target_with_a_line_end_is_refused_where_the_format_has_none(platform: str) -> None:
    with pytest.raises(BadInput, match="cannot be written"):
        make_startup(platform, server=make_server(platform, target="a\nweb: evil:app"))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_time_to_stop_exceeds_that_of_running_requests(platform: str) -> None:
    server = make_server(platform, graceful_timeout_seconds=47)
    made = make_startup(platform, server=server)
    shown = everything(made)
    given = {
        "docker": "--stop-timeout 52",
        "compose": "stop_grace_period: 52s",
        "kubernetes": "terminationGracePeriodSeconds: 57",
        "ecs": '"stopTimeout": 52',
        "systemd": "TimeoutStopSec=52",
        "supervisor": "stopwaitsecs=52",
    }.get(platform)
    assert given is None or given in shown
    assert made.stop_window_seconds == (None if given is None else 52)


def test_limits_are_what_the_configuration_was_made_for() -> None:
    server = make_server("compose", cpus=0.5, memory=300 * MIB + 1)
    service = yaml.safe_load(text_of(make_startup("compose", server=server), "compose.yaml"))["services"]["shop"]
    assert service["deploy"]["resources"]["limits"] == {"cpus": "0.5", "memory": "301M"}


@pytest.mark.parametrize("platform", ["docker", "compose", "kubernetes", "cloud-run"])
def test_unknown_limits_are_not_invented(platform: str) -> None:
    unknown = replace(make_server(platform), cpus=None, memory_bytes=None, needed_memory_bytes=None)
    made = make_startup(platform, server=unknown)
    assert "limits:" not in everything(made)
    assert not any("--memory" in command for step in made.steps for command in step.commands)
    assert any("No limit is written for CPUs and memory" in text for text in made.warnings)


def test_kubernetes_requests_and_limits_are_the_same() -> None:
    server = make_server("kubernetes", cpus=1.5, memory=GIB)
    deployment, service = yaml.safe_load_all(text_of(make_startup("kubernetes", server=server), "deployment.yaml"))
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["limits"] == container["resources"]["requests"]
    assert container["resources"]["limits"] == {"cpu": "1500m", "memory": "1024Mi"}
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]


@pytest.mark.parametrize(
    ("memory", "dyno", "workers"),
    [
        (512 * MIB, "standard-1x", 2),
        (GIB, "standard-2x", 4),
        (2 * GIB, "performance-m", 5),
        (10 * GIB, "performance-l", 17),
    ],
)
def test_heroku_names_the_smallest_dyno_and_what_its_buildpack_would_set(memory: int, dyno: str, workers: int) -> None:
    server = make_server("heroku", memory=memory, workers=3)
    shown = everything(make_startup("heroku", server=server))
    assert f"web={dyno} " in shown
    assert f"the buildpack sets it to {workers} on {dyno}" in shown
    assert "WEB_CONCURRENCY=3" in shown


def test_heroku_marks_a_dyno_whose_memory_was_not_verified() -> None:
    assert "30 GiB (not verified)" in everything(make_startup("heroku", server=make_server("heroku", memory=20 * GIB)))


@pytest.mark.parametrize(
    ("cpus", "memory", "task"),
    [
        (0.25, 512 * MIB, ("256", "512")),
        (0.25, 3 * GIB, ("512", "3072")),
        (1.0, 512 * MIB, ("1024", "2048")),
        (2.0, 5 * GIB, ("2048", "5120")),
        (8.0, 17 * GIB, ("8192", "20480")),
    ],
)
def test_ecs_takes_the_smallest_task_that_holds_both(cpus: float, memory: int, task: tuple[str, str]) -> None:
    made = make_startup("ecs", server=make_server("ecs", cpus=cpus, memory=memory))
    document = json.loads(text_of(made, "task-definition.json"))
    assert (document["cpu"], document["memory"]) == task


def test_ecs_says_when_no_task_is_so_large() -> None:
    made = make_startup("ecs", server=make_server("ecs", cpus=32.0))
    assert "cpu" not in json.loads(text_of(made, "task-definition.json"))
    assert any("No Fargate task" in text for text in made.warnings)


def test_ecs_says_when_it_kills_before_gunicorn_has_stopped() -> None:
    made = make_startup("ecs", server=make_server("ecs", graceful_timeout_seconds=300))
    assert json.loads(text_of(made, "task-definition.json"))["containerDefinitions"][0]["stopTimeout"] == 120
    assert any("kills after 120 s" in text for text in made.warnings)


@pytest.mark.parametrize(
    ("cpus", "memory", "given"), [(0.5, GIB, "1"), (2.0, GIB, "2"), (3.0, GIB, "4"), (1.0, 8 * GIB, "2")]
)
def test_cloud_run_gets_cpus_that_it_offers(cpus: float, memory: int, given: str) -> None:
    made = make_startup("cloud-run", server=make_server("cloud-run", cpus=cpus, memory=memory))
    container = yaml.safe_load(text_of(made, "service.yaml"))["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["limits"]["cpu"] == given
    assert bool(made.warnings) == (given != f"{cpus:g}")


def test_cloud_run_sends_no_more_than_is_served_at_once() -> None:
    server = make_server("cloud-run", workers=2, threads=8)
    spec = yaml.safe_load(text_of(make_startup("cloud-run", server=server), "service.yaml"))["spec"]["template"]["spec"]
    assert spec["containerConcurrency"] == 16


def test_elastic_beanstalk_says_when_nginx_looks_elsewhere() -> None:
    assert make_startup("elastic-beanstalk").warnings == ()
    made = make_startup("elastic-beanstalk", server=make_server("elastic-beanstalk", bind_port=5000))
    assert any("PORT to 5000" in text for text in made.warnings)


@pytest.mark.parametrize(
    ("changed", "present", "absent"),
    [
        ({"keepalive_seconds": 0}, "proxy_read_timeout 60s", "keepalive_timeout"),
        ({"keepalive_seconds": 65}, "keepalive_timeout 60s", "No keepalive"),
        ({"keepalive_seconds": None}, "No keepalive", "keepalive_timeout"),
        (
            {"worker_class": "sync", "timeout_seconds": 70, "keepalive_seconds": 65},
            "proxy_read_timeout 60s",
            "keepalive_",
        ),
        ({"worker_class": "sync", "timeout_seconds": 130}, "proxy_read_timeout 120s", "keepalive_timeout"),
    ],
)
def test_nginx_closes_first_and_gives_up_first(changed: dict[str, object], present: str, absent: str) -> None:
    text = text_of(make_startup("systemd", server=make_server("systemd", **changed)), "shop.nginx.conf")
    assert present in text
    assert absent not in text


def test_a_health_path_cannot_leave_its_place() -> None:
    options = Options(health_path='/ok"); import os; os.system("x\n y')
    for platform in ("docker", "kubernetes", "compose", "cloud-run", "elastic-beanstalk"):
        shown = everything(make_startup(platform, options))
        assert "%22" in shown
        assert 'import os; os.system("x' not in shown


def test_django_is_warned_of_its_allowed_hosts() -> None:
    server = make_server("kubernetes")
    django = replace(server, app=replace(server.app, framework="django"))
    assert any("ALLOWED_HOSTS" in text for text in make_startup("kubernetes", HEALTH, django).explanations)
