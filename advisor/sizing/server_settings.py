"""The other settings that a server in production needs; each only where the release and the platform support it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from advisor.host.host import Host
from advisor.sizing.constraints import Constraints
from advisor.sizing.limits import Size
from advisor.sizing.plan import PlannedSetting
from advisor.units import count, show_duration
from advisor.workload.workload import Workload
from gunicorn_conf.platforms import Figure, Platform
from gunicorn_conf.release import Release
from gunicorn_conf.settings import supports

# Gunicorn's own defaults (gunicorn/config.py, Timeout and GracefulTimeout).
DEFAULT_TIMEOUT_SECONDS = 30
DEFAULT_GRACEFUL_SECONDS = 30
# A sync worker is killed only when nobody waits for its answer any more.
TIMEOUT_MARGIN_SECONDS = 10
# A worker is not timed out before its first heartbeat (gunicorn/workers/workertmp.py; with timeout 2 and an import of
# 6 s, 20.1.0 kills four workers, 22.0.0 and later none).
BOOT_NOT_TIMED_SINCE = Release(22, 0, 0)
# A request that takes this many times the usual response time is stuck, not slow.
STUCK_FACTOR = 3
# Gunicorn must have stopped before the platform kills it: a fifth of the window, at most 5 s, at least 1 s earlier.
GRACEFUL_MARGIN_SHARE = 0.2
GRACEFUL_MARGIN_MOST_SECONDS = 5
# Linux and container runtimes mount a tmpfs here; the written file checks that it exists.
USUAL_SHARED_MEMORY = "/dev/shm"
# The platforms where nothing but their own front end connects to the container, and that do not set
# FORWARDED_ALLOW_IPS themselves (as Heroku's buildpack does).
_ONLY_THEIR_FRONT_END = ("app-service", "cloud-run")
# Restarts spread over a tenth of max_requests, so that workers do not restart together.
JITTER_SHARE = 0.1


def bind_setting(platform: Platform) -> PlannedSetting:
    """Where Gunicorn listens; the PORT that a platform sets wins in the written file."""
    address = f"{platform.bind_host}:{platform.default_port}"
    if platform.container:
        why = "all interfaces, since requests come from outside the container; $PORT wins when it is set"
    else:
        why = "loopback only, for a reverse proxy on this machine; $PORT wins when it is set"
    return PlannedSetting(name="bind", value=address, reason=why, variable="PORT")


def server_settings(
    host: Host, workload: Workload, constraints: Constraints, size: Size, platform: Platform, release: Release
) -> Iterator[PlannedSetting]:
    """Everything besides bind and the workers, in the order of the file."""
    timeout = _timeout(workload, size, platform, release)
    yield timeout
    yield graceful_timeout(platform, int(timeout.value) if size.split.threads == 1 else 0)
    yield from _worker_tmp_dir(host)
    if platform.container and supports("control_socket_disable", release):
        yield PlannedSetting(
            name="control_socket_disable",
            value=True,
            reason="a container is controlled from outside; the socket would need a writable home and be one more door",
        )
    yield from _forwarded_allow_ips(platform)
    yield PlannedSetting(
        name="accesslog", value="-", reason="requests to standard output, where platforms collect logs"
    )
    yield PlannedSetting(name="errorlog", value="-", reason="Gunicorn's own messages to standard error")
    yield from _max_requests(constraints, size)
    if constraints.preload:
        yield PlannedSetting(
            name="preload_app",
            value=True,
            reason="asked for: the app is loaded once and its memory shared; connections and threads that it opens at "
            "import do not survive the fork",
        )


def _timeout(workload: Workload, size: Size, platform: Platform, release: Release) -> PlannedSetting:
    if platform.name == "cloud-run":
        return PlannedSetting(
            name="timeout",
            value=0,
            reason="off: Cloud Run may stop the CPU between requests, which looks like a dead worker; it ends requests "
            "itself (Google's own example sets 0 too)",
        )
    if size.split.threads > 1:
        return heartbeat_timeout(platform, release, "with gthread it does not limit a request")
    limit = platform.request_timeout_seconds
    usual = workload.response_time_seconds.value
    seconds, why = DEFAULT_TIMEOUT_SECONDS, "a sync worker busy with one request for longer is stuck and is replaced"
    if limit is not None and limit.value + TIMEOUT_MARGIN_SECONDS > seconds:
        seconds = limit.value + TIMEOUT_MARGIN_SECONDS
        why = (
            f"{front_end(platform)} gives up on a request after {limit.value} s{unverified(limit)}; only then is a "
            "sync worker that is still busy worth replacing"
        )
    if usual is not None and math.ceil(STUCK_FACTOR * usual) > seconds:
        seconds = math.ceil(STUCK_FACTOR * usual)
        why = f"{STUCK_FACTOR} × the response time of {show_duration(usual)}; a sync worker busy for longer is stuck"
    return PlannedSetting(name="timeout", value=seconds, reason=why)


def heartbeat_timeout(platform: Platform, release: Release, unlimited: str) -> PlannedSetting:
    """The timeout of a worker class whose requests it does not limit, as ``unlimited`` says."""
    limit = platform.request_timeout_seconds
    if platform.name == "app-service" and limit is not None:
        boots = release < BOOT_NOT_TIMED_SINCE
        loading = ", and for loading the app, which from the network share /home can take long" if boots else ""
        return PlannedSetting(
            name="timeout",
            value=limit.value + TIMEOUT_MARGIN_SECONDS,
            reason=f"seconds without a heartbeat until a worker is replaced{loading}; above the {limit.value} s"
            f"{unverified(limit)} after which {front_end(platform)} gives up; {unlimited}",
        )
    return PlannedSetting(
        name="timeout",
        value=DEFAULT_TIMEOUT_SECONDS,
        reason=f"seconds without a heartbeat until a worker is replaced; {unlimited}",
    )


def graceful_timeout(platform: Platform, longest_request_seconds: int) -> PlannedSetting:
    """As long as a request may take, where that is bounded (0: it is not) and whoever stops Gunicorn waits for it."""
    window = platform.stop_window_seconds
    wanted = max(DEFAULT_GRACEFUL_SECONDS, longest_request_seconds)
    whole = ", as long as timeout lets a request take" if longest_request_seconds == wanted else ""
    if window is None:
        return PlannedSetting(
            name="graceful_timeout",
            value=wanted,
            reason=f"seconds that running requests get to finish when Gunicorn stops{whole}",
        )
    margin = math.ceil(min(GRACEFUL_MARGIN_MOST_SECONDS, max(1, window.value * GRACEFUL_MARGIN_SHARE)))
    seconds = min(wanted, window.value - margin)
    return PlannedSetting(
        name="graceful_timeout",
        value=seconds,
        reason=f"seconds that running requests get to finish{whole if seconds == wanted else ''}; less than the "
        f"{window.value} s{unverified(window)} from SIGTERM to SIGKILL here ({platform.title})",
    )


def _worker_tmp_dir(host: Host) -> Iterator[PlannedSetting]:
    directory = host.shared_memory_dir.value
    if host.described:
        directory = USUAL_SHARED_MEMORY  # what this machine has says nothing about the one that was described
    if directory is None:
        return
    yield PlannedSetting(
        name="worker_tmp_dir",
        value=directory,
        reason="in memory, where that directory exists: a heartbeat file on a slow disk can stall a worker until it is "
        "taken for dead",
    )


def _forwarded_allow_ips(platform: Platform) -> Iterator[PlannedSetting]:
    if platform.name in _ONLY_THEIR_FRONT_END:
        yield PlannedSetting(
            name="forwarded_allow_ips",
            value="*",
            reason="X-Forwarded-Proto is believed, so that the app knows of HTTPS, which the front end of "
            f"{platform.title} ends; nobody else reaches the container",
            variable="FORWARDED_ALLOW_IPS",
        )


def _max_requests(constraints: Constraints, size: Size) -> Iterator[PlannedSetting]:
    if constraints.max_requests is None:
        return
    jitter = max(1, round(constraints.max_requests * JITTER_SHARE))
    yield PlannedSetting(
        name="max_requests", value=constraints.max_requests, reason="asked for: bounds what a slow leak can take"
    )
    yield PlannedSetting(
        name="max_requests_jitter",
        value=jitter,
        reason=f"spreads the restarts of {count(size.split.workers, 'worker')}: a tenth of max_requests",
    )


def unverified(figure: Figure) -> str:
    """What is put behind a figure that the vendor does not state of this very platform; else nothing."""
    return "" if figure.verified else " (not verified)"


def front_end(platform: Platform) -> str:
    """What passes requests on to Gunicorn, as the subject of a sentence."""
    return f"the front end of {platform.title}" if platform.container else "nginx, if it stands in front,"
