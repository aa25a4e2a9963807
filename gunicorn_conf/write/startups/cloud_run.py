"""Writes a Cloud Run service whose concurrency, CPUs and memory are those that Gunicorn was configured for."""

from __future__ import annotations

import math

from gunicorn_conf.platforms import platform
from gunicorn_conf.write.quote import yaml
from gunicorn_conf.write.startup import Options, OutFile, Server, Startup, Step
from gunicorn_conf.write.startups import parts
from gunicorn_conf.write.startups.docker import image_files, limit_warnings

# Google Cloud documentation, Cloud Run, Configure CPU limits and Configure memory limits (read 2026-11-22): CPUs above
# 1 are whole numbers; below 1 the concurrency must be 1; the least memory of 4, 6 and 8 CPUs, and the most of each.
_CPU_CHOICES = (1, 2, 4, 6, 8)
_LEAST_MEMORY_MIB = {1: 128, 2: 128, 4: 2048, 6: 4096, 8: 4096}
_MOST_MEMORY_MIB = {1: 4096, 2: 8192, 4: 16384, 6: 24576, 8: 32768}
# The same documentation, Set maximum concurrent requests: 80 by default, at most 1000.
_MOST_CONCURRENCY = 1000
_DEFAULT_CONCURRENCY = 80
# 5 s × 24: two minutes to import the app.
_STARTUP_PERIOD_SECONDS = 5
_STARTUP_FAILURES = 24


def cloud_run(server: Server, options: Options) -> Startup:
    """A service, and the image that it runs."""
    cpus = _cpus(server)
    return Startup(
        platform="cloud-run",
        files=(
            *image_files(server, options),
            OutFile(path="service.yaml", text=_service(server, options, cpus)),
        ),
        steps=(
            parts.requirements_step(server),
            Step(
                title="Build the image",
                text="Put its name in place of IMAGE in service.yaml.",
                commands=("gcloud builds submit --tag IMAGE .",),
            ),
            Step(title="Deploy", commands=("gcloud run services replace service.yaml --region REGION",)),
        ),
        explanations=(
            *parts.name_notes(server),
            _concurrency_note(server),
            *platform("cloud-run").notes[:1],
            "Cloud Run sets PORT, which the file obeys; from SIGTERM to SIGKILL are 10 s, which cannot be raised.",
            *parts.health_notes(server, options)[:1],
        ),
        warnings=(*_warnings(server, cpus), *limit_warnings(server)),
    )


def _cpus(server: Server) -> int | None:
    """The CPUs of the service: the least that Cloud Run offers for what the configuration was made for."""
    memory = parts.mebibytes(parts.sum_of_memory(server) or 0)
    if server.cpus is None:
        return None
    return next(
        (one for one in _CPU_CHOICES if one >= server.cpus and _MOST_MEMORY_MIB[one] >= memory), _CPU_CHOICES[-1]
    )


def _concurrency(server: Server) -> int:
    if not parts.is_threaded(server):
        return _DEFAULT_CONCURRENCY
    return min(parts.slots(server), _MOST_CONCURRENCY)


def _service(server: Server, options: Options, cpus: int | None) -> str:
    name = parts.name_of(server)
    limits = []
    memory = parts.sum_of_memory(server)
    if cpus is not None:
        limits.append(f'              cpu: "{cpus}"')
    if memory is not None:
        least = _LEAST_MEMORY_MIB.get(cpus or 0, 0)
        limits.append(f"              memory: {max(parts.mebibytes(memory), least)}Mi")
    timeout = platform("cloud-run").request_timeout_seconds
    lines = [
        "apiVersion: serving.knative.dev/v1",
        "kind: Service",
        "metadata:",
        f"  name: {yaml(name)}",
        "spec:",
        "  template:",
        "    spec:",
        f"      # {_concurrency_comment(server)}",
        f"      containerConcurrency: {_concurrency(server)}",
        *([f"      timeoutSeconds: {timeout.value}"] if timeout else []),
        "      containers:",
        "        - image: IMAGE",
        "          ports:",
        f"            - containerPort: {server.bind_port}",
        *(["          resources:", "            limits:", *limits] if limits else []),
        "          startupProbe:",
        *_probe(options),
        f"            periodSeconds: {_STARTUP_PERIOD_SECONDS}",
        f"            timeoutSeconds: {parts.HEALTH_TIMEOUT_SECONDS}",
        f"            failureThreshold: {_STARTUP_FAILURES}",
    ]
    return "\n".join(lines) + "\n"


def _probe(options: Options) -> list[str]:
    if options.health_path is None:
        return ["            tcpSocket: {}"]
    return ["            httpGet:", f"              path: {yaml(parts.health_path(options.health_path))}"]


def _concurrency_comment(server: Server) -> str:
    if not parts.is_threaded(server):
        return "Cloud Run's default; an event loop has no slots to count."
    return f"{server.workers} × {server.threads}: what Gunicorn serves at once."


def _concurrency_note(server: Server) -> str:
    if not parts.is_threaded(server):
        return (
            f"containerConcurrency is Cloud Run's default, {_DEFAULT_CONCURRENCY}: how many requests an event loop "
            "carries depends on the app, so measure it."
        )
    concurrency = _concurrency(server)
    otherwise = (
        ", which is Cloud Run's default too"
        if concurrency == _DEFAULT_CONCURRENCY
        else f": with the default, {_DEFAULT_CONCURRENCY}, Cloud Run would count on that instead"
    )
    return (
        f"containerConcurrency is {concurrency}, what {server.workers} × {server.threads} serve at once{otherwise}. At "
        "so many it starts another instance."
    )


def _warnings(server: Server, cpus: int | None) -> tuple[str, ...]:
    if cpus is None or server.cpus is None:
        return ()
    found = []
    if cpus < server.cpus:
        found.append(f"Cloud Run gives at most {_CPU_CHOICES[-1]} CPUs; the configuration is for {server.cpus:g}.")
    elif cpus > math.ceil(server.cpus) or server.cpus < 1:
        found.append(
            f"The service gets {cpus} {'CPU' if cpus == 1 else 'CPUs'} and not {parts.number(server.cpus)}: "
            + (
                "below 1 CPU, Cloud Run serves one request at a time."
                if server.cpus < 1
                else "Cloud Run offers 1, 2, 4, 6 and 8, and the memory needs them."
            )
        )
    memory = parts.mebibytes(parts.sum_of_memory(server) or 0)
    if memory > _MOST_MEMORY_MIB[_CPU_CHOICES[-1]]:
        found.append(
            f"Cloud Run gives at most {_MOST_MEMORY_MIB[_CPU_CHOICES[-1]]} MiB; the configuration is for {memory}."
        )
    return tuple(found)
