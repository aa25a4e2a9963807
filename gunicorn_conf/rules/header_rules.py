"""Rules on what becomes of headers: which may tell the scheme, and those with an underscore in their name."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_sure, removal, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.value import Literal, certain

# So many names a message has room for; Gunicorn's own default has three.
_SHOWN_HEADERS = 3


def several_scheme_headers(subject: Subject) -> Iterator[Problem]:
    """secure_scheme_headers trusts several headers, and a request in which two of them disagree is refused with 400.

    One proxy sends one of them. Any other comes from the client, unless the proxy removes it: it either says that a
    plain request is secure, or it disagrees with the proxy's own and the request is answered with 400.

    Mend it by naming the one header that the proxy sets.

    Example::

        secure_scheme_headers = {                                                    # before
            "X-FORWARDED-PROTO": "https",
            "X-FORWARDED-SSL": "on",
        }
        secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}                       # after

    Ignore it when the proxy sets all of them, or removes those that it does not set.
    """
    one = given(subject, "secure_scheme_headers")
    value = certain(one.value) if one is not None and is_sure(one) else None
    if one is None or value is None or not isinstance(value[0], dict) or len(value[0]) < 2:
        return
    names = ", ".join(shown(name) for name in list(value[0])[:_SHOWN_HEADERS])
    yield Problem(
        message=f"secure_scheme_headers trusts {len(value[0])} headers ({names}): a request in which two of them "
        "disagree is answered with 400",
        place=one.value_place,
        help="name only the header that the proxy sets",
        setting="secure_scheme_headers",
    )


def underscores_kept(subject: Subject) -> Iterator[Problem]:
    """Headers with an underscore in their name are let through, and are mistaken for those with a hyphen.

    WSGI makes HTTP_X_FORWARDED_FOR of both X-Forwarded-For and X_Forwarded_For. A proxy that sets or removes the one
    passes on the other, so that a client can put in what only the proxy should say. Since 22.0 Gunicorn drops such
    headers unless ``header_map = "dangerous"``.

    Mend it by leaving the default, "drop". Where the application needs one such header of the proxy's, name it in
    ``forwarder_headers``.

    Example::

        header_map = "dangerous"                    # before
        forwarder_headers = "SCRIPT_NAME,PATH_INFO,X_REMOTE_USER"     # after, with header_map at its default

    Ignore it when the proxy removes every header that has an underscore (nginx does by default). Since Gunicorn 22.0.
    """
    found = wrong(subject, "header_map", lambda value: isinstance(value, str) and value.strip().lower() == "dangerous")
    if found is None:
        return
    one, how = found
    yield Problem(
        message=f'header_map {how.verb} "dangerous"{how.condition}: a client that sends X_Forwarded_For is mistaken '
        "for a proxy that sets X-Forwarded-For",
        place=one.value_place,
        help="leave header_map at drop, and name the headers that the application needs in forwarder_headers",
        setting="header_map",
        fix=removal(subject, one, safe=False) if how.always else None,
        confidence=how.confidence,
    )


def forwarder_header_never_matches(subject: Subject) -> Iterator[Problem]:
    """An entry of forwarder_headers is not written as headers are compared with it, or is none that would be dropped.

    The setting names headers with an underscore that a trusted proxy may send; all others with an underscore are
    dropped. Names are compared in capitals, as they are sent: "x_remote_user" never matches, and neither does
    "HTTP_X_REMOTE_USER", which is what WSGI makes of X_REMOTE_USER. A name without underscore is never dropped and need
    not be named.

    Mend it by writing the header's name in capitals as the proxy sends it.

    Example::

        forwarder_headers = "SCRIPT_NAME,PATH_INFO,x_remote_user"     # before
        forwarder_headers = "SCRIPT_NAME,PATH_INFO,X_REMOTE_USER"     # after

    Ignore it when the proxy does send a header that begins with HTTP_.
    """
    one = given(subject, "forwarder_headers")
    value = certain(one.value) if one is not None and is_sure(one) else None
    if one is None or value is None:
        return
    for entry in _entries(value[0]):
        what = _never_matches(entry)
        if what is None:
            continue
        why, what_to_do, severity = what
        yield Problem(
            message=f"forwarder_headers holds {shown(entry)}, {why}",
            place=one.value_place,
            help=what_to_do,
            setting="forwarder_headers",
            severity=severity,
        )


def _entries(value: Literal) -> list[str]:
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    return [part.strip() for part in parts if isinstance(part, str) and part.strip()]


def _never_matches(entry: str) -> tuple[str, str, Severity | None] | None:
    if entry == "*":
        return None
    right = entry.upper().removeprefix("HTTP_")
    if "_" not in right:
        return "a header without underscore, which is never dropped", "remove the entry", Severity.INFO
    if entry != entry.upper():
        return "which never matches: names are compared in capitals", "write it in capitals", None
    if entry.startswith("HTTP_"):
        return "which is WSGI's name of a header and not the proxy's", "write it without HTTP_", Severity.WARNING
    return None


RULES = (
    Rule(
        code="GC503",
        name="several-scheme-headers",
        severity=Severity.INFO,
        confidence=Confidence.LOW,
        check=several_scheme_headers,
        evidence="gunicorn/http/message.py:263 (27.0.1): InvalidSchemeHeaders; run: 400 for two that disagree",
    ),
    Rule(
        code="GC504",
        name="underscores-kept",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=underscores_kept,
        since=Release(22),
        evidence="gunicorn/http/message.py:282 (27.0.1); github.com/benoitc/gunicorn issue 2799; run",
    ),
    Rule(
        code="GC505",
        name="forwarder-header-never-matches",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=forwarder_header_never_matches,
        since=Release(22),
        evidence='gunicorn/http/message.py:278 (27.0.1); run: with "x_auth", the header X_AUTH of a trusted proxy is '
        "dropped",
    ),
)
