"""Rules on whose forwarded headers are believed: everybody's, or not even the proxy's."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.certainty import depends_on, is_unset
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_known, place_of, wrong
from gunicorn_conf.rules.reach import BEHIND_THEIR_FRONT_END, is_everybody, listed, open_address, shown_list
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.settings import supports
from gunicorn_conf.value import Literal

_LOOPBACK = ("127.", "::1")


@depends_on("bind")
def trusts_every_client(subject: Subject) -> Iterator[Problem]:
    """Forwarded headers are believed from everybody, and others than the proxy can connect.

    ``forwarded_allow_ips = "*"`` lets whoever opens a connection say that a request came by https (X-Forwarded-Proto),
    and since 22.0 under which path the application runs (the headers SCRIPT_NAME and PATH_INFO), which a proxy's rules
    on paths never saw. That is safe only if nothing but the proxy reaches the port: on many networks every other
    container, machine or process does.

    Mend it with the address of the proxy, or its network since 24.1; with a Unix socket or a loopback address, to
    which others cannot connect, nothing needs to be set.

    Example::

        forwarded_allow_ips = "*"               # before
        forwarded_allow_ips = "10.0.0.0/8"      # after, since 24.1

    Ignore it when the network lets only the proxy connect. On Heroku, Cloud Run and App Service, where only the
    platform's front end does, nothing is reported.
    """
    found = wrong(subject, "forwarded_allow_ips", is_everybody)
    address = open_address(subject)
    if found is None or address is None or subject.deployment.platform in BEHIND_THEIR_FRONT_END:
        return
    one, how = found
    path = " and under which path the application runs" if supports("forwarder_headers", subject.release) else ""
    who = "whoever connects" if subject.deployment.proxy is False else "whoever connects past the proxy"
    # A Procfile is for platforms whose router alone reaches the process; which one it is, the file does not say.
    has_router = subject.command is not None and subject.command.file_kind == "procfile"
    yield Problem(
        message=f"forwarded_allow_ips {how.verb} {shown_list(how.example)}{how.condition} and bind opens {address}: "
        f"{who} says whether a request came by https{path}",
        place=one.value_place,
        help="write the proxy's address" + (", or its network" if subject.release >= Release(24, 1) else ""),
        setting="forwarded_allow_ips",
        severity=Severity.INFO if has_router else None,
        confidence=how.confidence,
    )


@depends_on("bind")
def proxy_not_trusted(subject: Subject) -> Iterator[Problem]:
    """The proxy is in another container or machine, and its forwarded headers are believed from this one alone.

    By default Gunicorn believes X-Forwarded-Proto of 127.0.0.1 and ::1. From a proxy elsewhere it does not count:
    ``wsgi.url_scheme`` stays http, and applications that look at it redirect to https without end, write http links, or
    refuse forms (Django's CSRF check). The headers of ``forwarder_headers`` are dropped as well.

    Mend it with the address of the proxy, or its network since 24.1.

    Example::

        # nginx in another container
        bind = "0.0.0.0:8000"
        forwarded_allow_ips = "127.0.0.1"       # before, the default
        forwarded_allow_ips = "172.16.0.0/12"   # after: Docker's networks

    Ignore it when the application reads the header itself (Werkzeug's ProxyFix, Django's SECURE_PROXY_SSL_HEADER), the
    proxy speaks plain HTTP to its clients, or it runs in the same container or pod.
    """
    deployment = subject.deployment
    if not (deployment.proxy and deployment.container) or deployment.platform == "heroku":
        return
    unset = is_unset(subject, "forwarded_allow_ips")
    only_loopback = given(subject, "forwarded_allow_ips") is not None and is_known(
        subject, "forwarded_allow_ips", _is_loopback
    )
    if unset is None and not only_loopback:
        return
    if open_address(subject) is None:
        return
    # What is set for the proxy's headers shows that they are meant to count.
    needed = next((name for name in ("secure_scheme_headers", "forwarder_headers") if given(subject, name)), None)
    meant = f", and {needed} has no effect" if needed else ""
    # Nothing else reaches the container there, and the addresses of the front end are not known.
    alone = deployment.platform in BEHIND_THEIR_FRONT_END
    network = " or network" if subject.release >= Release(24, 1) else ""
    yield Problem(
        message="forwarded_allow_ips trusts 127.0.0.1 and ::1 alone: "
        f"{'the' if alone else 'unless the proxy runs in the same container, its'} X-Forwarded-Proto"
        f"{' of the front end' if alone else ''} does not count{meant}",
        place=place_of(subject, "forwarded_allow_ips") if only_loopback else place_of(subject, needed or "bind"),
        help='set forwarded_allow_ips = "*", since only the front end reaches the container'
        if alone
        else f"set forwarded_allow_ips to the proxy's address{network}",
        setting="forwarded_allow_ips",
        severity=Severity.WARNING if needed or only_loopback else None,
        confidence=unset if not only_loopback else None,
    )


def _is_loopback(value: Literal) -> bool:
    return all(entry.startswith(_LOOPBACK) for entry in listed(value))


RULES = (
    Rule(
        code="GC501",
        name="trusts-every-client",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=trusts_every_client,
        evidence="gunicorn/http/message.py:203 (27.0.1); run: a client at 127.0.0.2 sets url_scheme, SCRIPT_NAME and "
        "PATH_INFO",
    ),
    Rule(
        code="GC502",
        name="proxy-not-trusted",
        severity=Severity.INFO,
        confidence=Confidence.MEDIUM,
        check=proxy_not_trusted,
        evidence="gunicorn/http/message.py:211 (27.0.1); run: with the default, X-Forwarded-Proto from 127.0.0.2 leaves"
        " url_scheme at http",
    ),
)
