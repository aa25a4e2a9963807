"""Rules on the protocol that is spoken: names that do not exist, and HTTP/2 that never happens."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import is_off, place_of, text_of, wrong
from gunicorn_conf.rules.packages import is_complete, lacks
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.rules.worker_classes import effective_class
from gunicorn_conf.settings import supports
from gunicorn_conf.value import Literal

_PROTOCOLS = ("http", "uwsgi")
# "HTTP/2 is not supported by the sync worker": gunicorn/workers/sync.py:117, gtornado.py:81 (27.0.1).
_WITHOUT_HTTP2 = ("sync", "tornado")
# Config.validate (gunicorn/config.py:86) came with 27.0.0; before, the missing package only meant HTTP/1.1.
_H2_CHECKED = Release(27)


def unknown_protocol(subject: Subject) -> Iterator[Problem]:
    """protocol is neither http nor uwsgi.

    Gunicorn does not check the value and speaks HTTP for everything but "uwsgi", in exactly this spelling: "https" does
    not switch TLS on, and "UWSGI" answers nginx's uwsgi_pass with HTTP.

    Mend it with "http" or "uwsgi"; TLS is switched on by certfile and keyfile.

    Example::

        protocol = "https"             # before: plain HTTP
        certfile = "/etc/tls/crt"      # after
        keyfile = "/etc/tls/key"

    Ignore it when the name is a variable of your own. Since Gunicorn 24.0.0.
    """
    found = wrong(subject, "protocol", _is_no_protocol)
    if found is None:
        return
    one, how = found
    meant = str(how.example).strip().lower()
    tls = meant in ("https", "tls", "ssl", "h2", "http2")
    yield Problem(
        message=f"protocol {how.verb} {shown(how.example)}{how.condition}, which Gunicorn does not know:"
        " it speaks plain HTTP",
        place=one.value_place,
        help="set certfile and keyfile for TLS" if tls else "use http or uwsgi, in lower case",
        setting="protocol",
        severity=how.severity,
        confidence=how.confidence,
    )


def http2_never_used(subject: Subject) -> Iterator[Problem]:
    """http_protocols asks for HTTP/2, which cannot happen with the other settings.

    HTTP/2 needs a worker that speaks it (gthread, gevent or asgi), and TLS in Gunicorn itself or http2_cleartext. It
    also needs the package h2: without it 27.0.0 and later end at start, and earlier releases speak HTTP/1.1. Otherwise
    Gunicorn serves HTTP/1.1, with no more than a warning at start.

    Mend it with what is missing, or let the proxy speak HTTP/2 to the clients and remove the setting.

    Example::

        http_protocols = "h2,h1"           # before: without TLS it is never negotiated
        certfile = "/etc/tls/crt"          # after
        keyfile = "/etc/tls/key"
        worker_class = "gthread"

    Ignore it when TLS is set up by an ssl_context hook of your own. Since Gunicorn 25.0.0.
    """
    protocols = text_of(subject, "http_protocols")
    if protocols is None or "h2" not in [part.strip().lower() for part in protocols.split(",")]:
        return
    for why, what_to_do, severity, confidence in _reasons(subject):
        yield Problem(
            message=f"http_protocols asks for h2, {why}",
            place=place_of(subject, "http_protocols"),
            help=what_to_do,
            setting="http_protocols",
            severity=severity,
            confidence=confidence,
        )
        return


def _reasons(subject: Subject) -> Iterator[tuple[str, str, Severity | None, Confidence | None]]:
    requirements = subject.requirements
    if requirements is not None and lacks(subject, "h2", extra="http2"):
        ends = subject.release >= _H2_CHECKED
        then = "ends at start" if ends else "speaks HTTP/1.1"
        yield (
            f"and {requirements.path} does not name the package h2: Gunicorn {subject.release} {then} without it",
            "require gunicorn[http2]",
            Severity.ERROR if ends and is_complete(requirements) else None,
            None if is_complete(requirements) else Confidence.MEDIUM,
        )
    name = effective_class(subject)
    if name in _WITHOUT_HTTP2:
        yield f"which the {name} worker does not speak: HTTP/1.1 is served", "use gthread, gevent or asgi", None, None
    elif name is not None and "." in name and name.startswith("uvicorn"):
        yield f"which {name} does not speak: HTTP/1.1 is served", "use Gunicorn's asgi worker", None, None
    cleartext = text_of(subject, "http2_cleartext")
    clear_off = not supports("http2_cleartext", subject.release) or (cleartext or "").strip() == "off"
    if clear_off and is_off(subject, "certfile") and is_off(subject, "keyfile"):
        also = ", or http2_cleartext behind a proxy" if supports("http2_cleartext", subject.release) else ""
        yield "which is never negotiated without TLS: HTTP/1.1 is served", f"set certfile and keyfile{also}", None, None


def _is_no_protocol(value: Literal) -> bool:
    return isinstance(value, str) and value.strip() not in _PROTOCOLS


RULES = (
    Rule(
        code="GC146",
        name="unknown-protocol",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=unknown_protocol,
        since=Release(24),
        evidence='gunicorn/http/__init__.py:27 (27.0.1); run: with protocol = "https" plain HTTP is answered with 200',
    ),
    Rule(
        code="GC153",
        name="http2-never-used",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=http2_never_used,
        since=Release(25),
        evidence="gunicorn/config.py:86, workers/sync.py:117 (27.0.1); run: without h2 exit code 1",
    ),
)
