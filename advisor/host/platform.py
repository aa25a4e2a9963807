"""Which platform this is, from the variables and files that each one leaves; the source says which mark decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from advisor.facts import Fact
from advisor.host.mounts import Mount
from advisor.host.system import System, shown

# The most specific first: App Service and ECS run plain containers too, and a container may hold a systemd of its own.
# Sources: Microsoft, "App Service environment variables and app settings"; Kubernetes, "Discovering services";
# Heroku, "Dyno metadata and variables"; Google, "Cloud Run container runtime contract"; Amazon, "ECS task metadata
# endpoint version 4"; systemd, "Container Interface" (the variable container) and systemd.exec(5).
_VARIABLES = (
    ("WEBSITE_SITE_NAME", "app-service"),
    ("WEBSITE_INSTANCE_ID", "app-service"),
    ("KUBERNETES_SERVICE_HOST", "kubernetes"),  # before K_SERVICE, which Knative sets on any Kubernetes
    ("K_SERVICE", "cloud-run"),
    ("ECS_CONTAINER_METADATA_URI_V4", "ecs"),
    ("ECS_CONTAINER_METADATA_URI", "ecs"),
    ("DYNO", "heroku"),
)
_FILES = (
    ("/var/run/secrets/kubernetes.io/serviceaccount/token", "kubernetes"),
    ("/run/secrets/kubernetes.io/serviceaccount/token", "kubernetes"),
    ("/.dockerenv", "docker"),
    ("/run/.containerenv", "docker"),  # podman
)
# Parts of a cgroup's name that a container engine leaves where the cgroup namespace is the host's.
_CGROUP_PARTS = (
    ("kubepods", "kubernetes"),
    ("docker", "docker"),
    ("libpod", "docker"),
    ("containerd", "docker"),
)
# Services under which people log in or desktops start programs: what runs there is not a service itself.
_LOGIN_SERVICES = ("ssh", "getty@", "serial-getty@", "console-getty", "cron", "user@", "gnome-terminal", "app-")


def detect_platform(system: System, membership: Mapping[str, str], mounts: Sequence[Mount]) -> Fact[str]:
    """The platform's name as in ``gunicorn_conf.platforms``; ``bare`` when nothing marks another."""
    name, source = next(_marks(system, membership, mounts), ("bare", "no mark of a platform or container found"))
    return Fact(value=name, source=source)


def _marks(system: System, membership: Mapping[str, str], mounts: Sequence[Mount]) -> Iterator[tuple[str, str]]:
    for variable, name in _VARIABLES:
        if system.environ.get(variable):
            yield name, f"{variable} is set"
    for path, name in _FILES:
        if system.exists(path):
            yield name, f"{path} exists"
    if system.environ.get("container"):
        yield "docker", f"the variable container is {shown(system.environ['container'])!r}"
    for cgroup in dict.fromkeys(membership.values()):
        for part, name in _CGROUP_PARTS:
            # "docker", "docker-<id>.scope", "kubepods.slice", but not "docker.service", which is the engine itself
            if any(_is_container(piece, part) for piece in cgroup.split("/")):
                yield name, f"the cgroup is {shown(cgroup)}"
    yield from _systemd(system, membership)
    if any(mount.point == "/" and mount.kind == "overlay" for mount in mounts):
        yield "docker", "the root filesystem is an overlay, as in a container"


def _is_container(piece: str, engine: str) -> bool:
    return piece.startswith(engine) and not piece.endswith(".service")


def _systemd(system: System, membership: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    cgroup = membership.get("name=systemd", "/")
    if cgroup == "/":
        cgroup = membership.get("", "/")
    unit = cgroup.rstrip("/").rpartition("/")[2]
    if unit.endswith(".service") and not unit.startswith(_LOGIN_SERVICES):
        yield "systemd", f"the cgroup is {shown(cgroup)}"
    if system.environ.get("NOTIFY_SOCKET"):
        yield "systemd", "NOTIFY_SOCKET is set"
    # Programs that a desktop starts inherit the variable; their cgroup then is a scope, or a service named above.
    if system.environ.get("INVOCATION_ID") and not unit.endswith((".scope", ".service")):
        yield "systemd", "INVOCATION_ID is set"
