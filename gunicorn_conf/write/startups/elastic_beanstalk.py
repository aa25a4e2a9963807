"""Writes a Procfile for Elastic Beanstalk's Python platform, whose nginx passes requests on to Gunicorn."""

from __future__ import annotations

from gunicorn_conf.platforms import platform
from gunicorn_conf.write.quote import procfile_words, yaml
from gunicorn_conf.write.startup import Options, OutFile, Server, Startup, Step
from gunicorn_conf.write.startups import parts


def elastic_beanstalk(server: Server, options: Options) -> Startup:
    """A Procfile, the configuration, and the environment's health check where a path is known."""
    files = [
        parts.conf_file(server),
        OutFile(path="Procfile", text=f"web: {procfile_words(parts.command(server))}\n"),
    ]
    if options.health_path is not None:
        files.append(OutFile(path=".ebextensions/health.config", text=_health(options.health_path)))
    return Startup(
        platform="elastic-beanstalk",
        files=tuple(files),
        steps=(
            parts.requirements_step(server),
            Step(title="Deploy", text="With the files at the root of the source bundle.", commands=("eb deploy",)),
        ),
        explanations=(
            *parts.name_notes(server),
            *platform("elastic-beanstalk").notes,
            (
                "Without a Procfile the platform starts 1 worker with 15 threads (NumProcesses, NumThreads), and a "
                "gunicorn.conf.py counts only for what it does not give on the command line."
            ),
            (
                "How long the platform waits from SIGTERM to SIGKILL is not known; where deployments must not cut "
                "requests off, deploy in batches behind a load balancer, which drains instances first."
            ),
        ),
        warnings=_port_warning(server),
    )


def _port_warning(server: Server) -> tuple[str, ...]:
    usual = platform("elastic-beanstalk").default_port
    if server.bind_port == usual:
        return ()
    return (
        (
            f"nginx passes requests on to port {usual}, and the configuration binds to {server.bind_port}: set the "
            f"environment property PORT to {server.bind_port}."
        ),
    )


def _health(path: str) -> str:
    return f"""\
option_settings:
  # The load balancer's check. An environment of a single instance has none.
  aws:elasticbeanstalk:environment:process:default:
    HealthCheckPath: {yaml(parts.health_path(path))}
"""
