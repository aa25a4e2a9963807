"""What is written for App Service, without starting it: the script, the resources, what is explained."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.units import GIB, MIB
from advisor.workload.workload import Kind
from gunicorn_conf.assemble import Circumstances
from gunicorn_conf.plan_sizes import plan_size
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.read.oryx import OryxStart
from gunicorn_conf.release import NEWEST_KNOWN
from gunicorn_conf.rules.subject import Deployment
from gunicorn_conf.validate import validate
from gunicorn_conf.write.startup import App, AppKind, Options, Scaling, Server, Startup
from gunicorn_conf.write.startups.app_service import STARTUP_COMMAND, app_service
from tests.gunicorn_conf.write.startups.servers import make_server, put, text_of

FOUND = OryxStart(detector="Flask", arguments="app:app", file="app.py")
SCALING = Scaling(per_cpu=2, plus=1, most=None, memory_share=0.85, arbiter_bytes=20 * MIB, worker_bytes=100 * MIB)
# A module of a package with any name that an argument of a program can have.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
NASTY = ["a;rm -rf x:app", "a b:app", "'a'\"b\":app", "a\nb:app", "äpp:ü", "$(id):app", "`id`:app", "-c:app", "\\:app"]


def server(**changed: object) -> Server:
    return make_server("app-service", **changed)  # type: ignore[arg-type]


def made(options: Options | None = None, **changed: object) -> Startup:
    return app_service(server(**changed), options or Options())


def asgi(**changed: object) -> Server:
    app = App(target="main:app", kind=AppKind.ASGI, framework="fastapi", source="given by the test")
    return server(app=app, worker_class="uvicorn_worker.UvicornWorker", threads=1, **changed)


def told(startup: Startup) -> str:
    return " ".join(startup.explanations)


# --- the script -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scaling", [None, SCALING], ids=["pinned", "detect"])
def test_shellcheck_finds_nothing(scaling: Scaling | None, tmp_path: Path) -> None:
    put(made(Options(scaling=scaling), target="a;rm -rf x:app"), tmp_path)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("shellcheck")), "startup.sh"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("kind", [Kind.IO_BOUND, Kind.CPU_BOUND, Kind.MIXED])
@pytest.mark.parametrize("scaling", [None, SCALING], ids=["pinned", "detect"])
def test_validate_finds_nothing_and_pairs_script_and_file(kind: Kind, scaling: Scaling | None) -> None:
    startup = made(Options(scaling=scaling), kind=kind)
    files = [SourceFile(path=file.path, text=file.text) for file in startup.files]
    where = Circumstances(release=NEWEST_KNOWN, deployment=Deployment(platform="app-service", cpus=2.0))
    result = validate(files, where)
    assert [one.problem.message for one in result.findings] == []
    assert {one.command.place.path for one in result.subjects if one.command is not None} == {"startup.sh"}
    assert {one.conf.path for one in result.subjects if one.conf is not None} == {"gunicorn.conf.py"}
    assert len(result.subjects) == 1


def run_script(startup: Startup, directory: Path, **variables: str) -> tuple[list[str], str]:
    """The arguments that a stand-in for gunicorn is given, and what the script says; sizes come from ``fake/``."""
    tools = directory / "tools"
    tools.mkdir(exist_ok=True)
    fake = directory / "fake"
    programs = {
        "gunicorn": f'printf "%s\\0" "$WEB_CONCURRENCY" "$@" > "{directory}/arguments"',
        "nproc": f'cat "{fake}/nproc"',
        "head": f'exec /usr/bin/head -n 1 "{fake}$3"',
        "sed": f'exec /bin/sed "$1" "$2" "{fake}$3"',
    }
    for name, text in programs.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    put(startup, directory)
    done = subprocess.run(
        ["/bin/sh", str(directory / "startup.sh")],
        cwd="/",
        env={"PATH": f"{tools}:{os.defpath}", "WEB_CONCURRENCY": "", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return (directory / "arguments").read_bytes().decode().split("\0")[:-1], done.stderr


@pytest.mark.parametrize("target", NASTY)
def test_a_strange_app_is_one_argument(target: str, tmp_path: Path) -> None:
    (_, *words), said = run_script(made(target=target), tmp_path)
    assert words[:2] == ["-c", f"{tmp_path}/gunicorn.conf.py"]
    assert (words[-1], said) == (target, "")
    assert len(words) == (4 if target.startswith("-") else 3)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(target=NAMES, flag=NAMES)
def test_nothing_breaks_out_of_the_script(target: str, flag: str, tmp_path: Path) -> None:
    (_, *words), said = run_script(made(target=target, flags=("--bind", flag)), tmp_path)
    assert words[2:4] == ["--bind", flag]
    assert (words[-1], said) == (target, "")


def test_a_directory_with_spaces_and_a_dash_is_entered(tmp_path: Path) -> None:
    directory = tmp_path / "-my site's"
    directory.mkdir()
    (_, *words), _ = run_script(made(), directory)
    assert words[1] == f"{directory}/gunicorn.conf.py"


# --- the size at start ----------------------------------------------------------------------------------------------

GIB_KIB = 1024 * 1024
V1 = "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "sys/fs/cgroup/cpu/cpu.cfs_period_us"
V1_MEMORY = "sys/fs/cgroup/memory/memory.limit_in_bytes"
UNLIMITED_V1 = "9223372036854771712"  # cgroup v1's way to say that there is no limit, as App Service shows it
SIZES: dict[str, tuple[int, int, dict[str, str], int]] = {
    "one CPU": (1, 2 * GIB_KIB, {}, 3),
    "eight CPUs": (8, 32 * GIB_KIB, {}, 17),
    "memory decides": (8, GIB_KIB, {}, 8),
    "hardly any memory": (8, 50 * 1024, {}, 1),
    "app service": (2, 8088104, {V1[0]: "-1", V1[1]: "100000", V1_MEMORY: UNLIMITED_V1}, 5),
    "quota, v2": (8, 32 * GIB_KIB, {"sys/fs/cgroup/cpu.max": "150000 100000"}, 4),
    "half a CPU, v2": (8, 32 * GIB_KIB, {"sys/fs/cgroup/cpu.max": "50000 100000"}, 2),
    "no quota, v2": (2, 32 * GIB_KIB, {"sys/fs/cgroup/cpu.max": "max 100000"}, 5),
    "quota above the CPUs": (2, 32 * GIB_KIB, {"sys/fs/cgroup/cpu.max": "800000 100000"}, 5),
    "quota, v1": (8, 32 * GIB_KIB, {V1[0]: "200000", V1[1]: "100000"}, 5),
    "memory limit, v2": (8, 32 * GIB_KIB, {"sys/fs/cgroup/memory.max": str(512 * MIB)}, 4),
    "no memory limit, v2": (2, 32 * GIB_KIB, {"sys/fs/cgroup/memory.max": "max"}, 5),
    "memory limit, v1": (8, 32 * GIB_KIB, {V1_MEMORY: str(512 * MIB)}, 4),
    "a limit above the machine": (2, GIB_KIB, {"sys/fs/cgroup/memory.max": str(64 * GIB)}, 5),
}


def fake(directory: Path, cpus: int | None, kib: int | None, files: dict[str, str]) -> None:
    texts = {path: f"{text}\n" for path, text in files.items()}
    if cpus is not None:
        texts["nproc"] = f"{cpus}\n"
    if kib is not None:
        texts["proc/meminfo"] = f"MemTotal:       {kib} kB\nMemFree:          100000 kB\n"
    for name, text in texts.items():
        path = directory / "fake" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize("name", SIZES)
def test_workers_follow_the_machine(name: str, tmp_path: Path) -> None:
    cpus, kib, files, workers = SIZES[name]
    fake(tmp_path, cpus, kib, files)
    (count, *_), said = run_script(made(Options(scaling=SCALING)), tmp_path)
    assert int(count) == workers
    assert said.startswith(f"{tmp_path}/startup.sh: {workers} workers for ")


@pytest.mark.parametrize(("scaling", "workers"), [({"most": 2}, 2), ({"per_cpu": 1, "plus": 0}, 4), ({"most": 99}, 9)])
def test_workers_follow_what_was_given(scaling: dict[str, int], workers: int, tmp_path: Path) -> None:
    fake(tmp_path, 4, 8 * GIB_KIB, {})
    (count, *_), _ = run_script(made(Options(scaling=replace(SCALING, **scaling))), tmp_path)  # type: ignore[arg-type]
    assert int(count) == workers


def test_one_event_loop_even_for_a_part_of_a_cpu(tmp_path: Path) -> None:
    fake(tmp_path, 4, None, {"sys/fs/cgroup/cpu.max": "50000 100000"})
    (count, *_), _ = run_script(made(Options(scaling=replace(SCALING, per_cpu=1, plus=0))), tmp_path)
    assert count == "1"


def test_where_nothing_can_be_read_it_starts_all_the_same(tmp_path: Path) -> None:
    (count, *_), _ = run_script(made(Options(scaling=SCALING)), tmp_path)
    assert count == "3"  # one CPU, memory unknown


def test_web_concurrency_wins(tmp_path: Path) -> None:
    fake(tmp_path, 8, 8 * GIB_KIB, {})
    (count, *_), said = run_script(made(Options(scaling=SCALING)), tmp_path, WEB_CONCURRENCY="2")
    assert (count, said) == ("2", "")


# --- the rest -------------------------------------------------------------------------------------------------------


def test_the_startup_command_replaces_the_shell() -> None:
    startup = made()
    assert STARTUP_COMMAND == "exec bash startup.sh"
    commands = [command for step in startup.steps for command in step.commands]
    assert any(f'--startup-file "{STARTUP_COMMAND}"' in command for command in commands)
    assert text_of(startup, "startup.sh").splitlines()[-1].startswith("exec gunicorn -c ")


@pytest.mark.parametrize("name", ["my shop", "a;rm -rf x", "it's", "$(id)", "ümläut", "NAME"])
def test_the_name_is_one_word_of_every_command(name: str) -> None:
    startup = made(Options(health_path="/it's; well"), name=name)
    commands = [shlex.split(command) for step in startup.steps for command in step.commands]
    assert len(commands) == 5
    for words in commands:
        assert words[words.index("--name") + 1] == name


@pytest.mark.parametrize("name", ["shop", "it's ${x} \\", "[concat('a')]", "a\nb"])
def test_both_resources_hold_the_same(name: str) -> None:
    startup = made(Options(health_path="/[well]", python_version="3.13"), name=name)
    template = json.loads(text_of(startup, "app-service.json"))
    parameters, site = template["parameters"], template["resources"][0]["properties"]["siteConfig"]
    assert parameters["name"]["defaultValue"] == ("[" + name if name.startswith("[") else name)
    assert parameters["pythonVersion"]["defaultValue"] == "3.13"
    assert (site["appCommandLine"], site["healthCheckPath"]) == (STARTUP_COMMAND, "/[well]")
    bicep = text_of(startup, "app-service.bicep")
    assert f"appCommandLine: '{STARTUP_COMMAND}'" in bicep
    assert "healthCheckPath: '/[well]'" in bicep
    assert f"alwaysOn: {str(site['alwaysOn']).lower()}" in bicep
    in_bicep = re.findall(r"\{ name: '(.*)', value: '(.*)' \}", bicep)
    assert in_bicep == [(one["name"], one["value"]) for one in site["appSettings"]]
    for line in bicep.splitlines():  # the text of a string ends where it is meant to
        assert line.replace("\\\\", "").replace("\\'", "").count("'") % 2 == 0


def test_always_on_is_not_asked_of_a_free_plan() -> None:
    assert "alwaysOn: false" in text_of(made(Options(plan_size=plan_size("F1"))), "app-service.bicep")
    assert "alwaysOn: true" in text_of(made(Options(plan_size=plan_size("B1"))), "app-service.bicep")


@pytest.mark.parametrize(("size", "verified"), [("P1v3", True), ("B1", False), ("P1v4", False), ("I4v2", False)])
def test_a_size_that_is_not_verified_is_said_to_be_so(size: str, verified: bool) -> None:
    warnings = " ".join(made(Options(plan_size=plan_size(size))).warnings)
    assert (f"The figures of {size} are not verified" in warnings) is not verified


def test_the_four_traps_are_explained() -> None:
    text = told(made())
    for trap in (
        "your gunicorn.conf.py is ignored",
        "the bind address, timeout 600 and both logs are gone",
        "cut to its first line",
        "SIGTERM reaches only a command that begins with exec",
    ):
        assert trap in text
    assert "not verified" in next(text for text in made().explanations if "STOP_TIME_LIMIT" in text)


def test_what_oryx_would_start_is_shown_with_the_difference() -> None:
    text = told(made(Options(oryx=FOUND), target="app:app"))
    assert '-c /opt/startup/gunicorn.conf.py --chdir=DIRECTORY" gunicorn app:app' in text
    assert "the sync class, one request at a time, one worker" in text
    other = told(made(Options(oryx=FOUND), target="shop:web"))
    assert "app:app instead of shop:web" in other
    fastapi = told(app_service(asgi(), Options(oryx=FOUND)))
    assert "a sync worker, which fails on this ASGI app" in fastapi
    nothing = OryxStart(detector=None, arguments="application:app", file=None)
    assert "finds no app here" in told(made(Options(oryx=nothing)))
    assert "By itself" not in told(made())


def test_without_a_script_the_size_can_be_given_and_the_rest_is_lost() -> None:
    last = made().steps[-1]
    (command,) = last.commands
    assert command.endswith(
        "PYTHON_ENABLE_GUNICORN_MULTIWORKERS=true PYTHON_GUNICORN_CUSTOM_WORKER_NUM=5 "
        "PYTHON_GUNICORN_CUSTOM_THREAD_NUM=16"
    )
    assert "gunicorn.conf.py is not read" in last.text
    assert "not all served at once" in last.text
    asgi_step = app_service(asgi(), Options()).steps[-1]
    assert "sync, on which an ASGI app fails" in asgi_step.text
    assert "THREAD_NUM" not in asgi_step.commands[0]


def test_pinned_and_detected_sizes_are_explained() -> None:
    assert "pinned to the size of P1v3" in told(made(Options(plan_size=plan_size("P1v3"))))
    assert "counts CPUs and memory when it starts" in told(made(Options(scaling=SCALING)))
    assert "for 3 of them each is given 1/3 of the memory" in told(made(Options(apps_in_plan=3)))


def test_a_timeout_that_cuts_what_the_front_end_waits_for_is_a_warning() -> None:
    short = made(worker_class="sync", threads=1, timeout_seconds=30)
    assert any("timeout is 30 s" in text for text in short.warnings)
    for changed in (
        {"timeout_seconds": 240},
        {"timeout_seconds": 0},
        {"worker_class": "gthread", "timeout_seconds": 30},
    ):
        assert made(**({"worker_class": "sync"} | changed)).warnings == ()


def test_the_packages_of_an_asgi_app_are_named() -> None:
    assert "uvicorn-worker" in app_service(asgi(), Options()).steps[0].text
    assert "uvicorn-worker" not in made().steps[0].text


@pytest.mark.parametrize("names", [("startup.sh", "gunicorn.conf.py"), ("gunicorn.conf.py",)])
def test_validate_knows_from_the_header_where_the_file_is_for(names: tuple[str, ...]) -> None:
    files = [SourceFile(path=file.path, text=file.text) for file in made().files if file.path in names]
    result = validate(files, Circumstances(release=NEWEST_KNOWN))
    assert [one.problem.message for one in result.findings] == []
    assert [one.deployment.platform for one in result.subjects] == ["app-service"]
