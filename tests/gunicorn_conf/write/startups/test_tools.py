"""Each output passes the tool that its platform's users trust; what is not installed is skipped with the reason."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from advisor.workload.workload import Kind
from gunicorn_conf.write.startup import Options
from tests.gunicorn_conf.write.startups.servers import HEALTH, make_server, make_startup, put, text_of
from tests.neutral import child_environment

AWKWARD = "a;rm -rf 'x' $(y) \"z\" % ;# ünï:app"
PLAIN = "shop.wsgi:app"
TARGETS = pytest.mark.parametrize("target", [PLAIN, AWKWARD], ids=["plain", "awkward"])
OPTIONS = pytest.mark.parametrize("options", [Options(), HEALTH], ids=["no path", "path"])


def check(*command: str | Path, directory: Path) -> str:
    """Run a tool; its output when it is content."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=directory,
        env=child_environment(directory),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def beside_python(name: str) -> Path:
    """A program that the test tools brought along."""
    return Path(sys.executable).parent / name


def needs(program: str) -> str:
    """The path of a program of the machine; the test is skipped where it is missing."""
    found = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{program} is not installed here")
    return found


# SC2016: "expressions don't expand in single quotes", which is what is wanted of a target that holds one.
SHELLCHECK = (beside_python("shellcheck"), "--exclude=SC2016")


@TARGETS
def test_shellcheck_is_content_with_the_script(target: str, tmp_path: Path) -> None:
    put(make_startup("shell", server=make_server("shell", target=target)), tmp_path)
    assert check(*SHELLCHECK, "--enable=all", "--shell=sh", "start.sh", directory=tmp_path) == ""


@TARGETS
@pytest.mark.parametrize("platform", ["heroku", "elastic-beanstalk"])
def test_shellcheck_is_content_with_the_command_of_a_procfile(platform: str, target: str, tmp_path: Path) -> None:
    made = make_startup(platform, server=make_server(platform, target=target))
    command = text_of(made, "Procfile").removeprefix("web: ")
    (tmp_path / "command.sh").write_text(f"#!/bin/bash\n{command}", encoding="utf-8")
    assert check(*SHELLCHECK, "command.sh", directory=tmp_path) == ""


@TARGETS
@OPTIONS
@pytest.mark.parametrize("platform", ["docker", "cloud-run"])
def test_hadolint_is_content_with_the_dockerfile(platform: str, options: Options, target: str, tmp_path: Path) -> None:
    put(make_startup(platform, options, make_server(platform, target=target)), tmp_path)
    assert check(beside_python("hadolint"), "--no-color", "Dockerfile", directory=tmp_path) == ""


@TARGETS
@OPTIONS
def test_the_compose_file_follows_the_schema(options: Options, target: str, tmp_path: Path) -> None:
    put(make_startup("compose", options, make_server("compose", target=target)), tmp_path)
    tool = beside_python("check-jsonschema")
    check(tool, "--builtin-schema", "vendor.compose-spec", "compose.yaml", directory=tmp_path)


@TARGETS
@OPTIONS
@pytest.mark.parametrize("version", ["1.29", "1.34"])
def test_the_manifests_follow_the_schemas_of_kubernetes(version: str, options: Options, target: str) -> None:
    import kubernetes_validate

    made = make_startup("kubernetes", options, make_server("kubernetes", target=target))
    documents = list(yaml.safe_load_all(text_of(made, "deployment.yaml")))
    documents += yaml.safe_load_all(text_of(made, "autoscaler.yaml"))
    assert [document["kind"] for document in documents] == ["Deployment", "Service", "HorizontalPodAutoscaler"]
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)


@TARGETS
@OPTIONS
def test_the_task_definition_follows_the_model_of_aws(options: Options, target: str) -> None:
    from botocore.session import Session
    from botocore.validate import ParamValidator

    made = make_startup("ecs", options, make_server("ecs", target=target))
    task = json.loads(text_of(made, "task-definition.json"))
    shape = Session().get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape
    report = ParamValidator().validate(task, shape)
    assert not report.has_errors(), report.generate_report()
    unknown = set(task["containerDefinitions"][0]) - set(shape.members["containerDefinitions"].member.members)
    assert not unknown | (set(task) - set(shape.members))


NGINX = pytest.mark.parametrize(
    "changed",
    [{}, {"keepalive_seconds": 65}, {"worker_class": "sync", "timeout_seconds": 70}],
    ids=["no keep-alive", "keep-alive", "sync"],
)


@NGINX
def test_crossplane_parses_the_nginx_site(changed: dict[str, object], tmp_path: Path) -> None:
    import crossplane

    path = nginx_conf(tmp_path, changed)
    parsed = crossplane.parse(str(path), strict=True, check_ctx=True, check_args=True)
    assert parsed["errors"] == []
    assert parsed["status"] == "ok"


@NGINX
def test_nginx_is_content_with_the_site(changed: dict[str, object], tmp_path: Path) -> None:
    program = needs("nginx")
    path = nginx_conf(tmp_path, changed)
    output = check(program, "-t", "-p", tmp_path, "-c", path, "-e", tmp_path / "error.log", directory=tmp_path)
    assert "test is successful" in output
    assert "warn" not in output


def nginx_conf(directory: Path, changed: dict[str, object]) -> Path:
    """A whole configuration around the site, as ``/etc/nginx/nginx.conf`` is, that writes into the directory alone."""
    site = text_of(make_startup("systemd", server=make_server("systemd", **changed)), "shop.nginx.conf")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    inside = "".join(f"{kind}_temp_path {directory}/{kind};\n" for kind in kinds)
    port = site.replace("listen 80;", "listen 127.0.0.1:18080;")  # nginx -t binds; who is not root may not bind to 80
    path = directory / "nginx.conf"
    path.write_text(
        f"pid {directory}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{inside}{port}}}\n", encoding="utf-8"
    )
    return path


@TARGETS
@pytest.mark.parametrize("kind", [Kind.IO_BOUND, Kind.CPU_BOUND])
def test_systemd_is_content_with_the_units(kind: Kind, target: str, tmp_path: Path) -> None:
    program = needs("systemd-analyze")
    made = make_startup("systemd", server=make_server("systemd", kind=kind, target=target))
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    # systemd looks whether the programs are there: they are, under the root that it is given.
    for path in ("srv/shop/.venv/bin/gunicorn", "bin/kill"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("#!/bin/sh\n")
        (tmp_path / path).chmod(0o755)
    for target_unit in ("sysinit", "basic", "sockets", "multi-user", "network", "shutdown"):
        (units / f"{target_unit}.target").write_text("[Unit]\nDescription=A target\n")
    for name in ("shop.service", "shop.socket"):
        (units / name).write_text(text_of(made, name), encoding="utf-8")
    output = check(program, "verify", f"--root={tmp_path}", "--man=no", "shop.service", "shop.socket", directory=units)
    assert "shop" not in output, output
