"""Programs that start another program: what of their own stands in front of it, and whether they pass signals on."""

from __future__ import annotations

from typing import NamedTuple

from gunicorn_conf.rules.subject import Signals


class Wrapper(NamedTuple):
    """How to get past a wrapper's own words."""

    values: frozenset[str] = frozenset()
    """Its options that take the next word."""
    operands: int = 0
    """Its words before the command that are no options: a user, a niceness."""
    verb: frozenset[str] = frozenset()
    """Its subcommands that start a command; empty where it has none."""
    until_dashes: bool = False
    """Whether the command begins behind ``--`` only."""
    assigns: bool = False
    """Whether ``NAME=value`` may stand before the command."""
    forwards: Signals = Signals.DIRECT
    """Whether SIGTERM to the wrapper reaches the command."""
    to_all: bool = False
    """Whether it sends signals to the command's children too."""
    to_group: frozenset[str] = frozenset()
    """Its options that make it do so."""
    changes_directory: frozenset[str] = frozenset()


def _values(text: str) -> frozenset[str]:
    return frozenset(text.split())


_RUN = frozenset({"run"})
_PLAIN = Wrapper()

# From each program's manual or --help. Those that replace themselves by the command (exec) are DIRECT.
WRAPPERS: dict[str, Wrapper] = {
    "exec": Wrapper(values=_values("-a")),
    "command": _PLAIN,
    "builtin": _PLAIN,
    "time": _PLAIN,
    "nohup": _PLAIN,
    "setsid": _PLAIN,
    "catchsegv": Wrapper(forwards=Signals.BEHIND_SHELL),
    "env": Wrapper(values=_values("-u --unset -C --chdir -S"), assigns=True, changes_directory=_values("-C --chdir")),
    "nice": Wrapper(values=_values("-n --adjustment")),
    "ionice": Wrapper(values=_values("-c --class -n --classdata")),
    "chrt": Wrapper(operands=1),
    "taskset": Wrapper(operands=1),
    "stdbuf": Wrapper(values=_values("-i -o -e --input --output --error")),
    "timeout": Wrapper(values=_values("-k --kill-after -s --signal"), operands=1),
    "flock": Wrapper(values=_values("-w --wait -E"), operands=1),
    "chroot": Wrapper(operands=1),
    "numactl": Wrapper(),
    "sudo": Wrapper(
        values=_values("-u --user -g --group -h --host -p --prompt -C -D --chdir -R -T -U -r -t"),
        assigns=True,
        changes_directory=_values("-D --chdir"),
    ),
    "doas": Wrapper(values=_values("-u -C")),
    "runuser": Wrapper(values=_values("-u --user -g --group -G"), forwards=Signals.UNKNOWN),
    "gosu": Wrapper(operands=1),
    "su-exec": Wrapper(operands=1),
    "setuidgid": Wrapper(operands=1),
    "s6-setuidgid": Wrapper(operands=1),
    "with-contenv": _PLAIN,
    "chpst": Wrapper(values=_values("-u -U -e -/ -C -n -l -L -m -d -o -p -f -c -t")),
    "setpriv": Wrapper(
        values=_values("--reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits")
    ),
    "tini": Wrapper(values=_values("-p -e"), to_group=frozenset({"-g"})),
    "tini-static": Wrapper(values=_values("-p -e"), to_group=frozenset({"-g"})),
    "docker-init": Wrapper(values=_values("-p -e"), to_group=frozenset({"-g"})),
    "catatonit": Wrapper(),
    # dumb-init sends signals to the whole session unless -c is given (its README, "Session behavior").
    "dumb-init": Wrapper(values=_values("-r --rewrite"), to_all=True),
    "ddtrace-run": _PLAIN,
    "opentelemetry-instrument": Wrapper(
        values=_values(
            "--traces_exporter --metrics_exporter --logs_exporter --service_name --exporter_otlp_endpoint "
            "--id_generator --propagators --resource_attributes --log_level --exporter_otlp_traces_endpoint "
            "--exporter_otlp_metrics_endpoint"
        ),
    ),
    "newrelic-admin": Wrapper(verb=frozenset({"run-program"})),
    "instana": _PLAIN,
    "splunk-py-trace": _PLAIN,
    "splunk-run": _PLAIN,
    "appsignal-wrap": _PLAIN,
    "memray": Wrapper(verb=_RUN, values=_values("-o --output"), forwards=Signals.UNKNOWN),
    "coverage": Wrapper(verb=_RUN, values=_values("--rcfile --source --omit --include"), forwards=Signals.UNKNOWN),
    "poetry": Wrapper(verb=_RUN),
    "pipenv": Wrapper(verb=_RUN),
    "rye": Wrapper(verb=_RUN),
    "conda": Wrapper(verb=_RUN, values=_values("-n --name -p --prefix --cwd"), changes_directory=frozenset({"--cwd"})),
    "mamba": Wrapper(verb=_RUN, values=_values("-n --name -p --prefix --cwd")),
    "micromamba": Wrapper(verb=_RUN, values=_values("-n --name -p --prefix --cwd")),
    "pixi": Wrapper(verb=_RUN, values=_values("-e --environment")),
    # These stay as the parent; uv passes SIGTERM on, of the others it is not established.
    "uv": Wrapper(
        verb=_RUN,
        values=_values("--extra --group --with --with-requirements --env-file -p --python --package --directory"),
        changes_directory=frozenset({"--directory"}),
    ),
    "pdm": Wrapper(verb=_RUN, forwards=Signals.UNKNOWN),
    "hatch": Wrapper(verb=_RUN, forwards=Signals.UNKNOWN),
    "dotenv": Wrapper(verb=_RUN, values=_values("-f --file")),
    "honcho": Wrapper(verb=_RUN, values=_values("-e --env -d --app-root -f --procfile"), forwards=Signals.UNKNOWN),
    "foreman": Wrapper(verb=_RUN, values=_values("-e --env -d --root -f --procfile"), forwards=Signals.UNKNOWN),
    "xvfb-run": Wrapper(values=_values("-n -s -f -e"), forwards=Signals.BEHIND_SHELL),
    "watchmedo": Wrapper(
        verb=frozenset({"auto-restart"}), values=_values("-d --directory -p --pattern"), forwards=Signals.UNKNOWN
    ),
    "wait-for-it": Wrapper(until_dashes=True),
    "wait-for-it.sh": Wrapper(until_dashes=True),
    "wait-for": Wrapper(until_dashes=True),
    "wait-for.sh": Wrapper(until_dashes=True),
    "dockerize": Wrapper(values=_values("-wait -timeout -template -stdout -stderr -wait-retry-interval -env")),
    "doppler": Wrapper(verb=_RUN, until_dashes=True),
    "chamber": Wrapper(verb=frozenset({"exec"}), until_dashes=True),
    "aws-vault": Wrapper(verb=frozenset({"exec"}), until_dashes=True),
    "op": Wrapper(verb=_RUN, until_dashes=True),
    "infisical": Wrapper(verb=_RUN, until_dashes=True),
    "start-stop-daemon": Wrapper(until_dashes=True),
}
