"""Writes a compose file whose service has the limits, the time to stop and the health check that Gunicorn needs."""

from __future__ import annotations

from gunicorn_conf.release import Release
from gunicorn_conf.write.quote import compose as quoted
from gunicorn_conf.write.startup import Options, OutFile, Server, Startup, Step
from gunicorn_conf.write.startups import parts
from gunicorn_conf.write.startups.docker import (
    CHECK_EVERY_SECONDS,
    PUBLISHED_NOTE,
    START_SECONDS,
    image_files,
    limit_warnings,
)
from gunicorn_conf.write.startups.nginx import nginx

# forwarded_allow_ips takes networks since 24.1 (gunicorn/config.py, 24.1.1); before, addresses alone.
_NETWORKS_SINCE = Release(24, 1)
# moby, libnetwork/ipamutils: the pools of which Docker takes a bridge's network unless its daemon is told others. The
# gateway, the first address of the network, is the machine itself.
_NETWORKS = ("172.16.0.0/12", "192.168.0.0/16")
_GATEWAYS = (*(f"172.{net}.0.1" for net in range(17, 32)), *(f"192.168.{net}.1" for net in range(0, 256, 16)))


def compose(server: Server, options: Options) -> Startup:
    """A compose file, and the Dockerfile that it builds."""
    return Startup(
        platform="compose",
        files=(*image_files(server, options), OutFile(path="compose.yaml", text=_compose(server, options))),
        steps=(
            parts.requirements_step(server),
            Step(title="Build and start", commands=("docker compose up --build --detach",)),
        ),
        fragments=(nginx(server),),
        explanations=(
            *parts.name_notes(server),
            (
                "stop_grace_period is the time from SIGTERM to SIGKILL: 10 s unless it is written, and above "
                f"graceful_timeout ({parts.graceful_seconds(server)} s) here."
            ),
            PUBLISHED_NOTE,
            "deploy.resources.limits holds for docker compose up too, not only for swarm.",
            *parts.health_notes(server, options),
            (
                "nginx on this machine reaches the container over Docker's bridge, not from 127.0.0.1. "
                "FORWARDED_ALLOW_IPS holds "
                + (
                    "Docker's own networks"
                    if server.release >= _NETWORKS_SINCE
                    else "the gateways of Docker's networks"
                )
                + ", so that its X-Forwarded-Proto is believed and the app knows of https; a forwarded_allow_ips in "
                "the file would win. With networks of your own in the daemon's default-address-pools, write those."
            ),
        ),
        warnings=limit_warnings(server),
        stop_window_seconds=_stop_seconds(server),
    )


def _proxies(server: Server) -> str:
    """Where a proxy on this machine comes from, as this release of Gunicorn reads it."""
    if server.release >= _NETWORKS_SINCE:
        return ",".join(_NETWORKS)
    return ",".join(_GATEWAYS)


def _stop_seconds(server: Server) -> int:
    return parts.stop_seconds(server, usual=parts.usual_stop_seconds("docker"))


def _compose(server: Server, options: Options) -> str:
    name = parts.name_of(server)
    check = ", ".join(quoted(word) for word in ("CMD", *parts.health_check(server, options)))
    lines = [
        "services:",
        f"  {quoted(name)}:",
        "    build: .",
        "    ports:",
        f"      - {quoted(f'127.0.0.1:{server.bind_port}:{server.bind_port}')}",
        "    environment:",
        "      # nginx on this machine comes over Docker's bridge, and the port is open to this machine alone.",
        f"      FORWARDED_ALLOW_IPS: {quoted(_proxies(server))}",
        f"    # Above graceful_timeout, {parts.graceful_seconds(server)} s.",
        f"    stop_grace_period: {_stop_seconds(server)}s",
        "    restart: unless-stopped",
        "    # Nothing is written into the image; /tmp is in memory, and counts against the limit.",
        "    read_only: true",
        "    tmpfs:",
        "      - /tmp",
        "    security_opt:",
        "      - no-new-privileges:true",
        "    healthcheck:",
        f"      test: [{check}]",
        f"      interval: {CHECK_EVERY_SECONDS}s",
        f"      timeout: {parts.HEALTH_TIMEOUT_SECONDS}s",
        f"      start_period: {START_SECONDS}s",
        *_limits(server),
    ]
    return "\n".join(lines) + "\n"


def _limits(server: Server) -> list[str]:
    memory = parts.sum_of_memory(server)
    if server.cpus is None and memory is None:
        return []
    lines = ["    deploy:", "      resources:", "        # What gunicorn.conf.py was made for.", "        limits:"]
    if server.cpus is not None:
        lines.append(f"          cpus: {quoted(parts.number(server.cpus))}")
    if memory is not None:
        lines.append(f"          memory: {parts.mebibytes(memory)}M")
    return lines
