"""Writes a Procfile for Heroku, and the settings that make the dyno run what the configuration was made for."""

from __future__ import annotations

from gunicorn_conf.dyno_sizes import DynoSize, smallest_dyno
from gunicorn_conf.write.quote import procfile_words, sh_words
from gunicorn_conf.write.startup import Options, OutFile, Server, Startup, Step
from gunicorn_conf.write.startups import parts

_MIB = 1024**2
_GIB = 1024**3


def heroku(server: Server, _options: Options) -> Startup:
    """A Procfile, the configuration, and the commands to run once."""
    name = parts.name_of(server)
    memory = parts.sum_of_memory(server)
    dyno = None if memory is None else smallest_dyno(memory)
    steps = [parts.requirements_step(server)]
    if dyno is not None:
        steps.append(
            Step(
                title="Choose the dyno",
                text=f"The smallest with the memory that the configuration was made for: {_described(dyno)}.",
                commands=(sh_words(["heroku", "ps:type", f"web={dyno.name}", "--app", name]),),
            )
        )
    steps.append(
        Step(
            title="Set the number of workers",
            text="The buildpack would set WEB_CONCURRENCY itself, and the file lets WEB_CONCURRENCY win.",
            commands=(sh_words(["heroku", "config:set", f"WEB_CONCURRENCY={server.workers}", "--app", name]),),
        )
    )
    return Startup(
        platform="heroku",
        files=(
            parts.conf_file(server),
            OutFile(path="Procfile", text=f"web: {procfile_words(parts.command(server))}\n"),
        ),
        steps=tuple(steps),
        explanations=(
            *parts.name_notes(server),
            *_workers_note(server, dyno),
            (
                'The buildpack sets GUNICORN_CMD_ARGS="--access-logfile -" where the app does not; it wins over '
                "accesslog in "
                "the file. It sets FORWARDED_ALLOW_IPS=* too, which is right behind Heroku's router."
            ),
            "The router answers 503 (H12) when a request has had no answer for 30 s, whatever timeout says.",
        ),
        warnings=_warnings(memory, dyno),
    )


def _workers_note(server: Server, dyno: DynoSize | None) -> tuple[str, ...]:
    if dyno is None:
        return ()
    if dyno.workers == server.workers:
        return (
            (
                f"On {dyno.name} the buildpack sets WEB_CONCURRENCY={dyno.workers} too; set it all the same, so that "
                "another dyno does not change it unseen."
            ),
        )
    return (
        (
            f"Unless WEB_CONCURRENCY is set, the buildpack sets it to {dyno.workers} on {dyno.name} (the lesser of "
            f"2 × cores + 1 and memory ÷ 256 MB), and not to the {server.workers} that were recommended."
        ),
    )


def _warnings(memory: int | None, dyno: DynoSize | None) -> tuple[str, ...]:
    if memory is None:
        return ("No dyno is named: what memory the configuration was made for is not known.",)
    if dyno is None:
        return (f"No dyno has the {memory / _GIB:.1f} GiB that the configuration was made for.",)
    return ()


def _described(dyno: DynoSize) -> str:
    memory = dyno.memory_bytes
    size = f"{memory / _GIB:g} GiB" if memory >= _GIB else f"{memory // _MIB} MiB"
    also = f" (so have {', '.join(dyno.also)})" if dyno.also else ""
    return f"{dyno.name}, {size}{'' if dyno.verified else ' (not verified)'}{also}"
