"""Rules on who is trusted to say where a request comes from: forwarded headers, the PROXY protocol, uwsgi."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.certainty import depends_on, is_unset
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_known, place_of, wrong
from gunicorn_conf.rules.reach import BEHIND_THEIR_FRONT_END, open_address
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.settings import supports
from gunicorn_conf.value import Literal

_EVERYBODY = frozenset({"*", "0.0.0.0/0", "::/0"})
_LOOPBACK = ("127.", "::1")
# gunicorn/config.py:2201 (27.0.1), validate_proxy_protocol; before 25.0 a plain truth value.
_DETECTS = frozenset({"true", "auto", "1", "v1", "v2"})


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
    found = wrong(subject, "forwarded_allow_ips", _is_everybody)
    address = open_address(subject)
    if found is None or address is None or subject.deployment.platform in BEHIND_THEIR_FRONT_END:
        return
    one, how = found
    path = " and under which path the application runs" if supports("forwarder_headers", subject.release) else ""
    who = "whoever connects" if subject.deployment.proxy is False else "whoever connects past the proxy"
    yield Problem(
        message=f"forwarded_allow_ips {how.verb} {_shown(how.example)}{how.condition} and bind opens {address}: "
        f"{who} says whether a request came by https{path}",
        place=one.value_place,
        help="write the proxy's address" + (", or its network" if subject.release >= Release(24, 1) else ""),
        setting="forwarded_allow_ips",
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
    yield Problem(
        message="forwarded_allow_ips trusts 127.0.0.1 and ::1 alone: unless the proxy runs in the same container, its "
        f"X-Forwarded-Proto does not count{meant}",
        place=place_of(subject, "forwarded_allow_ips") if only_loopback else place_of(subject, needed or "bind"),
        help="set forwarded_allow_ips to the proxy's address"
        + (" or network" if subject.release >= Release(24, 1) else ""),
        setting="forwarded_allow_ips",
        severity=Severity.WARNING if needed or only_loopback else None,
        confidence=unset if not only_loopback else None,
    )


@depends_on("bind")
def proxy_protocol_refused(subject: Subject) -> Iterator[Problem]:
    """The PROXY protocol is on, and only a proxy on this machine may use it.

    ``proxy_allow_ips`` trusts 127.0.0.1 and ::1 unless it is set. A load balancer elsewhere that begins its connections
    with the PROXY line gets 403 for every request.

    Mend it with the addresses of the load balancer, or its network since 24.1.

    Example::

        proxy_protocol = True
        # before: proxy_allow_ips not set
        proxy_allow_ips = "10.0.0.0/8"          # after, since 24.1

    Ignore it when the proxy runs on the same machine or in the same pod (stunnel, HAProxy).
    """
    found = wrong(subject, "proxy_protocol", _detects)
    address = open_address(subject)
    unset = is_unset(subject, "proxy_allow_ips")
    if found is None or address is None or unset is None or _is_foreign(subject):
        return
    one, how = found
    contained = bool(subject.deployment.container)
    yield Problem(
        message=f"proxy_protocol {how.verb} on{how.condition}, and proxy_allow_ips trusts 127.0.0.1 and ::1 alone: a "
        "proxy anywhere else gets 403 for every request",
        place=one.value_place,
        help="set proxy_allow_ips to the addresses of the load balancer",
        setting="proxy_allow_ips",
        severity=how.severity if contained else Severity.WARNING,
        confidence=None if contained and how.always else Confidence.MEDIUM,
    )


@depends_on("bind")
def proxy_protocol_from_everybody(subject: Subject) -> Iterator[Problem]:
    """The PROXY line is believed from everybody, and others than the proxy can connect.

    The line says which address a client has. With ``proxy_allow_ips = "*"`` whoever opens a connection can claim any:
    what looks at REMOTE_ADDR (limits per address, lists of addresses, the access log) is deceived.

    Mend it with the addresses of the load balancer, or its network since 24.1.

    Example::

        proxy_protocol = True
        proxy_allow_ips = "*"                   # before
        proxy_allow_ips = "10.0.0.0/8"          # after, since 24.1

    Ignore it when the network lets only the load balancer connect. Without proxy_protocol the list has no effect, and
    nothing is reported.
    """
    found = wrong(subject, "proxy_allow_ips", _is_everybody)
    protocol = wrong(subject, "proxy_protocol", _detects)
    address = open_address(subject)
    if found is None or protocol is None or address is None or _is_foreign(subject):
        return
    one, how = found
    yield Problem(
        message=f"proxy_allow_ips {how.verb} {_shown(how.example)}{how.condition} and bind opens {address}: whoever "
        "connects past the proxy can claim any client address",
        place=one.value_place,
        help="write the addresses of the load balancer",
        setting="proxy_allow_ips",
        confidence=how.confidence or protocol[1].confidence,
    )


@depends_on("bind")
def uwsgi_from_everybody(subject: Subject) -> Iterator[Problem]:
    """The uwsgi protocol is spoken with everybody who can connect.

    A uwsgi request carries the variables of the WSGI environment ready-made, REMOTE_USER, REMOTE_ADDR and the scheme
    among them. Who may send one is as trusted as the proxy itself.

    Mend it with the addresses of the proxy, or a Unix socket.

    Example::

        protocol = "uwsgi"
        uwsgi_allow_ips = "*"                   # before
        uwsgi_allow_ips = "10.0.0.5"            # after

    Ignore it when the network lets only the proxy connect. Since Gunicorn 24.
    """
    found = wrong(subject, "uwsgi_allow_ips", lambda value: "*" in _entries(value))
    address = open_address(subject)
    if found is None or address is None:
        return
    if not is_known(subject, "protocol", lambda value: isinstance(value, str) and value.strip().lower() == "uwsgi"):
        return
    one, how = found
    yield Problem(
        message=f"uwsgi_allow_ips {how.verb} {_shown(how.example)}{how.condition} and bind opens {address}: whoever "
        "connects sets REMOTE_USER, REMOTE_ADDR and all else that the application is told",
        place=one.value_place,
        help="write the proxy's addresses, or use a Unix socket",
        setting="uwsgi_allow_ips",
        confidence=how.confidence,
    )


def _entries(value: Literal) -> list[str]:
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    return [part.strip() for part in parts if isinstance(part, str)]


def _is_everybody(value: Literal) -> bool:
    return not _EVERYBODY.isdisjoint(_entries(value))


def _is_loopback(value: Literal) -> bool:
    return all(entry.startswith(_LOOPBACK) for entry in _entries(value))


def _detects(value: Literal) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in _DETECTS)


def _is_foreign(subject: Subject) -> bool:
    # Workers of other projects parse requests themselves and know no PROXY protocol.
    name = subject.config.worker_class
    return name is None or "." in name


def _shown(value: Literal) -> str:
    return '"' + ",".join(_entries(value)) + '"'


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
    Rule(
        code="GC510",
        name="proxy-protocol-refused",
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM,
        check=proxy_protocol_refused,
        evidence="gunicorn/http/message.py:760 (27.0.1); run: a PROXY line from 127.0.0.2 is answered with 403",
    ),
    Rule(
        code="GC511",
        name="proxy-protocol-from-everybody",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=proxy_protocol_from_everybody,
        evidence="gunicorn/http/message.py:760 (27.0.1); run: a client at 127.0.0.2 sets REMOTE_ADDR",
    ),
    Rule(
        code="GC512",
        name="uwsgi-from-everybody",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=uwsgi_from_everybody,
        since=Release(24),
        evidence="gunicorn/uwsgi/message.py:71 (27.0.1)",
    ),
)
