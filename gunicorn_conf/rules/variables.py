"""Rules on the variables that Gunicorn itself reads: WEB_CONCURRENCY and PORT."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Source
from gunicorn_conf.rules.addresses import Address, entries, read_address
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.value import Known, Literal, certain, possibilities


def bad_web_concurrency(subject: Subject) -> Iterator[Problem]:
    """WEB_CONCURRENCY is set to something that is not a whole number.

    Gunicorn converts the variable while it is being imported, before it reads anything else: every start ends with a
    traceback, ``gunicorn --version`` too, even where the configuration sets workers. An empty variable is no number
    either.

    Mend it by giving it a whole number, or by not setting it.

    Example::

        ENV WEB_CONCURRENCY=auto     # before
        ENV WEB_CONCURRENCY=2        # after

    Ignore it when the platform replaces the value before Gunicorn starts.
    """
    command = subject.command
    given = command.environment.get("WEB_CONCURRENCY") if command is not None else None
    assigned = next((one for one in subject.config.all("workers") if one.source is Source.VARIABLE), None)
    value = certain(given) if given is not None else certain(assigned.value) if assigned is not None else None
    if value is None or value[0] is None or _is_count(str(value[0])):
        return
    place = subject.place if command is None else command.place
    if assigned is not None and assigned.value_place.line is not None:
        place = assigned.value_place
    yield Problem(
        message=f"WEB_CONCURRENCY is {shown(value[0])}, which is not a whole number from 0: "
        "every start ends with an error, --version too",
        place=place,
        help="give it a whole number, or do not set it",
        setting="workers",
    )


def port_not_used(subject: Subject) -> Iterator[Problem]:
    """The platform says in PORT where to listen, and bind names another port.

    PORT only replaces Gunicorn's default address. Where bind is set, it counts for nothing, and requests that are sent
    to PORT reach nobody.

    Mend it by taking the port from the variable, or by not setting bind at all.

    Example::

        bind = "0.0.0.0:5000"                                     # before
        bind = "0.0.0.0:" + os.environ.get("PORT", "8000")        # after

    Ignore it when a proxy in the same container listens on PORT, or the platform was told which port to use.
    """
    one = subject.config.get("bind")
    if one is None or one.source is Source.VARIABLE or _mentions_port(one, subject):
        return
    wanted = _wanted_port(subject)
    ports = [entry.port for value in possibilities(one.value) for entry in _readable(value)]
    if wanted is None or not ports or None in ports:
        return
    port, why, certain = wanted
    if port in ports:
        return
    said = "a port of its own choice" if port is None else f"port {port}"
    yield Problem(
        message=f"bind opens port {', '.join(map(str, dict.fromkeys(ports)))}, but {why} {said}",
        place=one.value_place,
        help='take the port from the variable: "0.0.0.0:" + os.environ.get("PORT", "8000") in the file, '
        "or --bind 0.0.0.0:$PORT",
        setting="bind",
        severity=Severity.ERROR if certain else None,
    )


def _mentions_port(one: Assigned, subject: Subject) -> bool:
    if one.source is Source.FILE:
        return subject.conf is None or re.search(r"\bPORT\b", subject.conf.text) is not None
    return "PORT" in one.text


def _wanted_port(subject: Subject) -> tuple[int | None, str, bool] | None:
    """The port that the surroundings ask for, who does, and whether that is certain; None where nobody asks."""
    deployment, command = subject.deployment, subject.command
    given = command.environment.get("PORT") if command is not None else None
    if isinstance(given, Known) and str(given.value).isdecimal():
        return int(str(given.value)), "PORT asks for", False
    if deployment.platform is None:
        return None
    from gunicorn_conf.platforms import PLATFORM_NAMES, platform

    if deployment.platform not in PLATFORM_NAMES:
        return None
    known = platform(deployment.platform)
    if "PORT" not in known.sets:
        return None
    if known.name == "heroku":
        return None, f"{known.title} sends requests to", True
    return known.default_port, f"{known.title} sends requests to", False


def _readable(value: Literal) -> Iterator[Address]:
    for entry in entries(value):
        read = read_address(entry)
        if isinstance(read, Address):
            yield read


def _is_count(text: str) -> bool:
    try:
        return int(text) >= 0
    except ValueError:
        return False


RULES = (
    Rule(
        code="GC115",
        name="bad-web-concurrency",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=bad_web_concurrency,
        evidence="gunicorn/config.py:755 (27.0.1); run: gunicorn --version ends with a ValueError",
    ),
    Rule(
        code="GC127",
        name="port-not-used",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=port_not_used,
        evidence="gunicorn/config.py, Bind: PORT is only part of the default; the platforms' own documents",
    ),
)
