"""Rules on the protocols in which a proxy says who the client is: PROXY, and uwsgi."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.certainty import depends_on, is_unset
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import is_known, wrong
from gunicorn_conf.rules.reach import is_everybody, listed, open_address, shown_list
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.value import Literal

# gunicorn/config.py:2201 (27.0.1), validate_proxy_protocol; in older releases a truth value.
_DETECTS = frozenset({"true", "auto", "1", "v1", "v2"})


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
    found = wrong(subject, "proxy_allow_ips", is_everybody)
    protocol = wrong(subject, "proxy_protocol", _detects)
    address = open_address(subject)
    if found is None or protocol is None or address is None or _is_foreign(subject):
        return
    one, how = found
    yield Problem(
        message=f"proxy_allow_ips {how.verb} {shown_list(how.example)}{how.condition} and bind opens {address}: "
        "whoever connects past the proxy can claim any client address",
        place=one.value_place,
        help="write the addresses of the load balancer",
        setting="proxy_allow_ips",
        confidence=how.confidence or protocol[1].confidence,
    )


@depends_on("bind")
def uwsgi_from_everybody(subject: Subject) -> Iterator[Problem]:
    """The uwsgi protocol is spoken with everybody who can connect.

    A uwsgi request carries the scheme and the headers ready-made. Gunicorn takes both as they are: whoever may send one
    says that it came by https, whatever ``forwarded_allow_ips`` trusts, and puts in any header, past the checks that
    HTTP requests go through. REMOTE_ADDR stays the address of the connection.

    Mend it with the addresses of the proxy, or a Unix socket.

    Example::

        protocol = "uwsgi"
        uwsgi_allow_ips = "*"                   # before
        uwsgi_allow_ips = "10.0.0.5"            # after

    Ignore it when the network lets only the proxy connect. Since Gunicorn 24.
    """
    found = wrong(subject, "uwsgi_allow_ips", lambda value: "*" in listed(value))
    address = open_address(subject)
    if found is None or address is None:
        return
    if not is_known(subject, "protocol", lambda value: isinstance(value, str) and value.strip().lower() == "uwsgi"):
        return
    one, how = found
    yield Problem(
        message=f"uwsgi_allow_ips {how.verb} {shown_list(how.example)}{how.condition} and bind opens {address}: "
        "whoever connects says whether a request came by https, and sets headers that nothing checks",
        place=one.value_place,
        help="write the proxy's addresses, or use a Unix socket",
        setting="uwsgi_allow_ips",
        confidence=how.confidence,
    )


def _detects(value: Literal) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in _DETECTS)


def _is_foreign(subject: Subject) -> bool:
    # Workers of other projects parse requests themselves and know no PROXY protocol.
    name = subject.config.worker_class
    return name is None or "." in name


RULES = (
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
        evidence="gunicorn/uwsgi/message.py:71 and 203 (27.0.1); run: a client at 127.0.0.2 sets url_scheme",
    ),
)
