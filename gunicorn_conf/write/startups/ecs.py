"""Writes an ECS task definition for Fargate, with a combination of CPU and memory that holds the configuration."""

from __future__ import annotations

import json

from gunicorn_conf.fargate_sizes import FargateSize, smallest_task
from gunicorn_conf.platforms import platform
from gunicorn_conf.write.startup import Options, OutFile, Server, Startup, Step
from gunicorn_conf.write.startups import parts
from gunicorn_conf.write.startups.docker import CHECK_EVERY_SECONDS, START_SECONDS, image_command, image_files

# AWS SDK, ContainerDefinition.stopTimeout: at most so long on Fargate.
_MOST_STOP_SECONDS = 120
# Where the configuration says nothing of CPUs or memory: the smallest task.
_SMALLEST_CPUS = 0.25
_SMALLEST_BYTES = 512 * 1024**2


def ecs(server: Server, options: Options) -> Startup:
    """A task definition, and the image that it runs."""
    cpus, memory = server.cpus or _SMALLEST_CPUS, parts.sum_of_memory(server) or _SMALLEST_BYTES
    size = smallest_task(cpus, memory)
    stop = parts.stop_seconds(server, usual=parts.usual_stop_seconds("ecs"))
    text = json.dumps(_task(server, options, size, min(stop, _MOST_STOP_SECONDS)), indent=2, ensure_ascii=False)
    return Startup(
        platform="ecs",
        files=(*image_files(server, options), OutFile(path="task-definition.json", text=text + "\n")),
        steps=(
            parts.requirements_step(server),
            Step(
                title="Build the image and push it",
                text="Put its name in place of IMAGE in task-definition.json; REGION and ACCOUNT are yours too.",
                commands=("docker build --tag IMAGE .", "docker push IMAGE"),
            ),
            Step(
                title="Register the task",
                commands=("aws ecs register-task-definition --cli-input-json file://task-definition.json",),
            ),
            Step(
                title="Let the load balancer drain no longer than the task lives",
                text="A target group waits 300 s by default before it lets go of a task.",
                commands=(
                    (
                        "aws elbv2 modify-target-group-attributes --target-group-arn TARGET_GROUP_ARN "
                        f"--attributes Key=deregistration_delay.timeout_seconds,Value={stop}"
                    ),
                ),
            ),
        ),
        explanations=(
            *parts.name_notes(server),
            *_size_note(server, size),
            (
                f"stopTimeout is {min(stop, _MOST_STOP_SECONDS)} s, above graceful_timeout "
                f"({parts.graceful_seconds(server)} s); Fargate allows 120 s at most."
            ),
            *platform("ecs").notes,
            _keepalive_note(server),
            *parts.health_notes(server, options),
            parts.trusted_proxy_note("an Application Load Balancer"),
        ),
        warnings=_warnings(server, size, stop),
        stop_window_seconds=min(stop, _MOST_STOP_SECONDS),
    )


def _task(server: Server, options: Options, size: FargateSize | None, stop: int) -> dict[str, object]:
    name = parts.name_of(server)
    container: dict[str, object] = {
        "name": name,
        "image": "IMAGE",
        "essential": True,
        "command": list(image_command(server)),
        "portMappings": [{"containerPort": server.bind_port, "protocol": "tcp"}],
        "stopTimeout": stop,
        "healthCheck": {
            "command": ["CMD", *parts.health_check(server, options)],
            "interval": CHECK_EVERY_SECONDS,
            "timeout": parts.HEALTH_TIMEOUT_SECONDS,
            "startPeriod": START_SECONDS,
        },
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": f"/ecs/{name}", "awslogs-region": "REGION", "awslogs-stream-prefix": name},
        },
    }
    task: dict[str, object] = {
        "family": name,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": "arn:aws:iam::ACCOUNT:role/ecsTaskExecutionRole",
    }
    if size is not None:
        task |= {"cpu": str(size.cpu_units), "memory": str(size.memory_mib)}
    return {**task, "containerDefinitions": [container]}


def _size_note(server: Server, size: FargateSize | None) -> tuple[str, ...]:
    if size is None:
        return ()
    note = (
        f"The task has {parts.number(size.cpus)} vCPU and {size.memory_mib} MiB, the smallest combination that holds "
    )
    wanted = [] if server.cpus is None else [f"{parts.number(server.cpus)} {'CPU' if server.cpus == 1 else 'CPUs'}"]
    memory = parts.sum_of_memory(server)
    if memory is not None:
        wanted.append(f"{parts.mebibytes(memory)} MiB")
    note += " and ".join(wanted) or "anything"
    more = server.cpus is not None and size.cpus > server.cpus
    return (f"{note}." + (" Recommend again with --cpus of the task to use them." if more else ""),)


def _keepalive_note(server: Server) -> str:
    if server.worker_class == "sync" or server.keepalive_seconds == 0:
        return "Gunicorn closes every connection after the answer here, so the load balancer's idle timeout is no trap."
    return (
        "The load balancer keeps idle connections for 60 s: with a shorter keepalive a request may meet a connection "
        "that Gunicorn closes, which the client sees as 502."
    )


def _warnings(server: Server, size: FargateSize | None, stop: int) -> tuple[str, ...]:
    found = []
    if server.cpus is None or parts.sum_of_memory(server) is None:
        found.append("What the configuration was made for is not wholly known: check cpu and memory of the task.")
    if size is None:
        found.append(
            "No Fargate task that is known here has the CPUs and memory that the configuration was made for: set them."
        )
    if stop > _MOST_STOP_SECONDS:
        found.append(
            f"graceful_timeout is {parts.graceful_seconds(server)} s, but Fargate kills after {_MOST_STOP_SECONDS} s."
        )
    return tuple(found)
