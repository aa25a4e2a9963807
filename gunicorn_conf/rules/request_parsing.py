"""Rules on how requests are parsed: switches for broken clients, and limits that are none or not as written."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.release import Release
from gunicorn_conf.rules.certainty import depends_on
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of, removal, wrong
from gunicorn_conf.rules.numbers import set_number
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind

_SWITCHES = (
    "strip_header_spaces",
    "casefold_http_method",
    "permit_unconventional_http_method",
    "permit_unconventional_http_version",
    "permit_obsolete_folding",
    "tolerate_dangerous_framing",
)
# gunicorn/http/message.py: MAX_REQUEST_LINE, MAX_HEADERS, DEFAULT_MAX_HEADERFIELD_SIZE, the same from 20.1.0 to 27.0.1.
_LONGEST_LINE = 8190
_MOST_FIELDS = 32_768
_LONGEST_FIELD = 8190
# gunicorn/http/message.py:176 of 25.2.0 makes 0 the default; in 25.1.0 it still is no limit.
_FIELD_LIMIT_SINCE = Release(25, 2)
# The workers whose requests Gunicorn's own WSGI parser reads.
_WSGI = frozenset({WorkerKind.SYNC, WorkerKind.THREADS, WorkerKind.GREENLETS})


def tolerant_parser(subject: Subject) -> Iterator[Problem]:
    """A switch makes Gunicorn accept requests that the standard forbids.

    Each is there for clients that are broken, and each lets Gunicorn read a request otherwise than the proxy in front
    does. Such differences are what request smuggling is made of: one client's bytes become part of another's request,
    past the proxy's checks. Gunicorn's documentation asks not to use them, and announces that they will go.

    Mend it by leaving them off.

    Example::

        permit_obsolete_folding = True      # before
        # after: not set

    Ignore it when an old client needs it and no proxy stands between it and Gunicorn.
    """
    for name in _SWITCHES:
        found = wrong(subject, name, _is_true)
        if found is None:
            continue
        one, how = found
        yield Problem(
            message=f"{name} {how.verb} on{how.condition}: Gunicorn accepts requests that the standard forbids, and may"
            " read them otherwise than the proxy does",
            place=one.place,
            help=f"remove {name}",
            setting=name,
            fix=removal(subject, one, safe=False) if how.always else None,
            confidence=how.confidence,
        )


@depends_on("worker_class", "limit_request_line", "limit_request_field_size")
def no_limit(subject: Subject) -> Iterator[Problem]:
    """A request may be as long as the client likes.

    ``limit_request_line = 0`` takes URLs of any length (1 MiB with the fast parser of gunicorn_h1c), and up to 25.1
    ``limit_request_field_size = 0`` does the same for a header. What arrives is kept in memory until the line ends, and
    then goes through the application, its logs and its database.

    Mend it with a limit: 8,190 is the most that limit_request_line can be.

    Example::

        limit_request_line = 0       # before
        limit_request_line = 8190    # after

    Ignore it when the proxy in front limits both (nginx: large_client_header_buffers, 8 KiB by default).
    """
    if worker_kind(subject.config) not in _WSGI and subject.config.worker_class != "asgi":
        return
    if set_number(subject.config, "limit_request_line") == 0:
        yield Problem(
            message="limit_request_line = 0 takes a request line of any length into memory",
            place=place_of(subject, "limit_request_line"),
            help=f"set it to {_LONGEST_LINE}, the largest limit that there is",
            setting="limit_request_line",
        )
    if set_number(subject.config, "limit_request_field_size") == 0 and subject.release < _FIELD_LIMIT_SINCE:
        yield Problem(
            message="limit_request_field_size = 0 takes a header of any length into memory",
            place=place_of(subject, "limit_request_field_size"),
            help="set it to the longest header that the application needs, such as 16384",
            setting="limit_request_field_size",
        )


@depends_on("worker_class", "limit_request_line", "limit_request_fields", "limit_request_field_size")
def limit_not_as_written(subject: Subject) -> Iterator[Problem]:
    """A limit on requests counts otherwise than it is written.

    Gunicorn cuts ``limit_request_line`` to 8,190: a longer URL is refused with 414 whatever the setting says. It takes
    ``limit_request_fields`` of 0 or more than 32,768 for 32,768, and since 25.2 a ``limit_request_field_size`` of 0,
    which the documentation calls unlimited, for 8,190: a longer header is refused with 431 (414 and 431 are 400 in
    older releases).

    Mend it by writing the limit that counts. Where longer URLs are needed, send the data in the body.

    Example::

        limit_request_line = 16384           # before: 8,190 counts
        limit_request_field_size = 0         # before: 8,190 counts
        limit_request_field_size = 65536     # after

    Ignore it when the limit that counts is enough.
    """
    if worker_kind(subject.config) not in _WSGI:
        return
    for name, most, zero in (
        ("limit_request_line", _LONGEST_LINE, None),
        ("limit_request_fields", _MOST_FIELDS, _MOST_FIELDS),
        ("limit_request_field_size", None, _LONGEST_FIELD if subject.release >= _FIELD_LIMIT_SINCE else None),
    ):
        written = set_number(subject.config, name)
        counts = most if most is not None and written is not None and written > most else None
        if written == 0:
            counts = zero
        if written is None or counts is None:
            continue
        yield Problem(
            message=f"{name} = {written:,} counts as {counts:,}",
            place=place_of(subject, name),
            help=f"write {counts}" + (", or the limit that you need" if most is None else ""),
            setting=name,
            severity=Severity.INFO if name == "limit_request_fields" else None,
        )


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


RULES = (
    Rule(
        code="GC506",
        name="tolerant-parser",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=tolerant_parser,
        evidence='gunicorn/config.py: StripHeaderSpaces, PermitObsoleteFolding and their kin, "use with care and only '
        'if necessary"',
    ),
    Rule(
        code="GC507",
        name="no-limit-on-requests",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=no_limit,
        evidence="gunicorn/http/message.py:511 (27.0.1); run: a URL of 60 kB is served",
    ),
    Rule(
        code="GC508",
        name="limit-not-as-written",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=limit_not_as_written,
        evidence="gunicorn/http/message.py:312 and 513 (27.0.1); run: 414 for a URL of 9 kB, 431 for a header of 9 kB",
    ),
)
