"""Which platform is recognised, by which mark."""

from __future__ import annotations

import pytest

from gunicorn_conf.platforms import PLATFORM_NAMES
from tests.advisor.host.machine import Machine

DOCKER_FILE = "/.dockerenv"


def platform(machine: Machine, environ: dict[str, str] | None = None) -> tuple[str | None, str]:
    fact = machine.detect(environ).platform
    assert fact.value in PLATFORM_NAMES
    return fact.value, fact.source


def in_cgroup(machine: Machine, cgroup: str) -> Machine:
    machine.write("/proc/self/cgroup", f"0::{cgroup}\n")
    return machine


def test_a_machine_without_marks_is_bare(machine: Machine) -> None:
    assert platform(machine) == ("bare", "no mark of a platform or container found")


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("WEBSITE_SITE_NAME", "app-service"),
        ("WEBSITE_INSTANCE_ID", "app-service"),
        ("KUBERNETES_SERVICE_HOST", "kubernetes"),
        ("K_SERVICE", "cloud-run"),
        ("ECS_CONTAINER_METADATA_URI_V4", "ecs"),
        ("DYNO", "heroku"),
    ],
)
def test_a_platforms_variable_decides_even_in_a_container(machine: Machine, variable: str, name: str) -> None:
    machine.write(DOCKER_FILE, "")
    assert platform(machine, {variable: "x"}) == (name, f"{variable} is set")


def test_an_empty_variable_is_no_mark(machine: Machine) -> None:
    assert platform(machine, {"WEBSITE_SITE_NAME": ""})[0] == "bare"


def test_knative_on_kubernetes_is_kubernetes(machine: Machine) -> None:
    assert platform(machine, {"K_SERVICE": "x", "KUBERNETES_SERVICE_HOST": "10.0.0.1"})[0] == "kubernetes"


def test_a_service_account_is_kubernetes(machine: Machine) -> None:
    machine.write("/var/run/secrets/kubernetes.io/serviceaccount/token", "x")
    assert platform(machine) == ("kubernetes", "/var/run/secrets/kubernetes.io/serviceaccount/token exists")


@pytest.mark.parametrize("path", [DOCKER_FILE, "/run/.containerenv"])
def test_the_file_of_a_container_engine_is_a_container(machine: Machine, path: str) -> None:
    machine.write(path, "")
    assert platform(machine) == ("docker", f"{path} exists")


def test_the_variable_container_is_a_container(machine: Machine) -> None:
    assert platform(machine, {"container": "podman"}) == ("docker", "the variable container is 'podman'")


@pytest.mark.parametrize(
    ("cgroup", "name"),
    [
        ("/kubepods/burstable/pod1/c1", "kubernetes"),
        ("/kubepods.slice/kubepods-pod1.slice/cri-containerd-c1.scope", "kubernetes"),
        ("/docker/c1", "docker"),
        ("/system.slice/docker-c1.scope", "docker"),
        ("/machine.slice/libpod-c1.scope", "docker"),
        ("/system.slice/gunicorn.service", "systemd"),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/web.service", "systemd"),
        ("/user.slice/user-1000.slice/session-3.scope", "bare"),
        ("/system.slice/ssh.service", "bare"),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.kde.konsole@1.service", "bare"),
        ("/", "bare"),
    ],
)
def test_the_cgroups_name_tells_containers_and_services(machine: Machine, cgroup: str, name: str) -> None:
    found, source = platform(in_cgroup(machine, cgroup))
    assert found == name
    assert name == "bare" or source == f"the cgroup is {cgroup}"


def test_the_container_engines_own_service_is_a_service(machine: Machine) -> None:
    assert platform(in_cgroup(machine, "/system.slice/docker.service"))[0] == "systemd"


def test_the_systemd_hierarchy_of_v1_tells_the_service(machine: Machine) -> None:
    machine.write("/proc/self/cgroup", "3:memory:/x\n1:name=systemd:/system.slice/web.service\n0::/\n")
    assert platform(machine)[0] == "systemd"


@pytest.mark.parametrize("variable", ["NOTIFY_SOCKET", "INVOCATION_ID"])
def test_systemds_variables_are_a_service(machine: Machine, variable: str) -> None:
    assert platform(machine, {variable: "x"}) == ("systemd", f"{variable} is set")


def test_a_terminal_that_inherits_the_desktops_invocation_is_bare(machine: Machine) -> None:
    cgroup = "/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1.scope"
    assert platform(in_cgroup(machine, cgroup), {"INVOCATION_ID": "x"})[0] == "bare"


def test_an_overlay_as_root_is_a_container_when_nothing_else_is_known(machine: Machine) -> None:
    machine.mount("27 1 0:40 / / rw - overlay overlay rw,lowerdir=/l")
    assert platform(machine) == ("docker", "the root filesystem is an overlay, as in a container")
    assert platform(machine, {"NOTIFY_SOCKET": "x"})[0] == "systemd"
