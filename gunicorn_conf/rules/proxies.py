"""Rules on what a proxy in front is trusted with: address lists, and the headers that tell the scheme."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Source
from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Fix, Problem, Severity
from gunicorn_conf.rules.given import given, is_sure, rewrite, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.settings import settings
from gunicorn_conf.value import Literal, certain

_LISTS = ("forwarded_allow_ips", "proxy_allow_ips", "uwsgi_allow_ips")
# gunicorn/config.py, validate_string_to_addr_list: came with 23.0.0, takes networks since 24.1 (run on each).
_CHECKED = Release(23)
_TAKES_NETWORKS = Release(24, 1)
# Headers whose value every proxy writes in lower case.
_LOWER_CASE_VALUES: Mapping[str, str] = {"X-FORWARDED-PROTO": "https", "X-FORWARDED-SSL": "on"}


def bad_trusted_address(subject: Subject) -> Iterator[Problem]:
    """A list of trusted addresses holds what is none: a host name, or a network that the release does not take.

    Gunicorn compares the address of the connection, and resolves no names. Until 22 such an entry never matches, so
    the proxy is not trusted and the scheme stays http; since 23.0.0 Gunicorn ends at start. Networks such as
    10.0.0.0/8 count since 24.1 only, and must be written without host bits: 192.168.1.0/24, not 192.168.1.1/24.

    Mend it with the proxy's address, or its network since 24.1.

    Example::

        forwarded_allow_ips = "nginx"             # before
        forwarded_allow_ips = "172.16.0.0/12"     # after

    Ignore it when the list is only for a newer release than the one that was assumed.
    """
    for name in _LISTS:
        one = given(subject, name)
        value = certain(one.value) if one is not None and is_sure(one) else None
        if one is None or value is None or not isinstance(value[0], str):
            continue
        for entry in value[0].split(","):
            problem = _address_problem(entry.strip(), subject.release)
            if problem is None:
                continue
            why, what_to_do = problem
            checked = subject.release >= _CHECKED
            then = "Gunicorn ends at start" if checked else "it never matches"
            yield Problem(
                message=f"{_source(one)} holds {shown(entry.strip())}, {why}: {then}",
                place=one.value_place,
                help=what_to_do,
                setting=name,
                severity=None if checked else Severity.WARNING,
            )


def scheme_header_never_matches(subject: Subject) -> Iterator[Problem]:
    """A key of secure_scheme_headers is not written as Gunicorn compares it, or its value differs in case.

    Gunicorn makes the names of incoming headers upper-case and looks them up in the dictionary as it stands:
    "X-Forwarded-Proto" is never found, and neither are "X-FORWARDED_PROTO" and "HTTP_X_FORWARDED_PROTO", which is how
    WSGI and Django write it.
    Values are compared exactly. The scheme stays http behind a proxy that terminates TLS: redirect loops, and links and
    cookies for http.

    Mend it by writing the header's name in capitals, with hyphens.

    Example::

        secure_scheme_headers = {"X-Forwarded-Proto": "https"}     # before
        secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}     # after

    Ignore it when the proxy writes the value with capitals; it is compared exactly then as well.
    """
    found = wrong(subject, "secure_scheme_headers", lambda value: bool(_bad_headers(value)))
    if found is None:
        return
    one, how = found
    bad = _bad_headers(how.example)
    for key, right, value, right_value in bad:
        if key != right:
            never = f"which never matches: Gunicorn looks for {shown(right)}"
            message = f"secure_scheme_headers has the key {shown(key)}, {never}"
        else:
            message = f"secure_scheme_headers wants {right} to be {shown(value)}, and proxies write {right_value!r}"
        yield Problem(
            message=message,
            place=one.value_place,
            help=f'write "{right}": "{right_value}"',
            setting="secure_scheme_headers",
            # The first edit mends the whole dictionary; two on one place would be in each other's way.
            fix=_rewritten(one, bad) if how.always and key == bad[0][0] else None,
            severity=how.severity,
            confidence=how.confidence,
        )


def _source(one: Assigned) -> str:
    return settings()[one.name].variable or one.name if one.source is Source.VARIABLE else one.name


@functools.lru_cache(maxsize=256)
def _address_problem(entry: str, release: Release) -> tuple[str, str] | None:
    import ipaddress

    if entry in ("", "*"):
        return None
    try:
        ipaddress.ip_address(entry)
    except ValueError:
        pass
    else:
        return None
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return "which is no IP address", "write the proxy's address; Gunicorn resolves no names"
    # 24.0.0 lies between the releases that were tried.
    if release >= _TAKES_NETWORKS:
        if str(network) == entry or _is_strict(entry):
            return None
        return "a network with host bits", f"write {network}"
    if release >= Release(24):
        return None
    return f"a network, which Gunicorn {release} does not take", f"list the addresses, or upgrade to {_TAKES_NETWORKS}"


def _is_strict(entry: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_network(entry)
    except ValueError:
        return False
    return True


def _bad_headers(value: Literal) -> list[tuple[str, str, str, str]]:
    """Key, right key, value and right value of each entry that never matches."""
    if not isinstance(value, dict):
        return []
    bad = []
    for key, wanted in value.items():
        if not isinstance(key, str) or not isinstance(wanted, str):
            continue
        right = key.upper()
        hyphened = right.removeprefix("HTTP_").replace("_", "-")
        if right.startswith("HTTP_") or hyphened.startswith("X-FORWARDED"):
            right = hyphened
        usual = _LOWER_CASE_VALUES.get(right)
        right_value = usual if usual is not None and wanted.lower() == usual else wanted
        if (key, wanted) != (right, right_value):
            bad.append((key, right, wanted, right_value))
    return bad


def _rewritten(one: Assigned, bad: list[tuple[str, str, str, str]]) -> Fix | None:
    """Not safe: a header that was ignored begins to count."""
    if not one.text.startswith("{"):
        return None
    text = one.text
    for key, right, value, right_value in bad:
        for before, after in ((key, right), (value, right_value)):
            written = [quote + before + quote for quote in "\"'" if quote + before + quote in text]
            if before == after:
                continue
            if len(written) != 1 or text.count(written[0]) != 1:
                return None
            text = text.replace(written[0], f'"{after}"')
    return rewrite(one, text, "write it as Gunicorn compares it", safe=False)


RULES = (
    Rule(
        code="GC144",
        name="bad-trusted-address",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=bad_trusted_address,
        evidence="gunicorn/config.py:514 (27.0.1); run: a name ends 23.0.0 and 27.0.1, 22.0.0 takes it",
    ),
    Rule(
        code="GC145",
        name="scheme-header-never-matches",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=scheme_header_never_matches,
        evidence="gunicorn/http/message.py:263 (27.0.1); run: url_scheme stays http with a key in mixed case",
    ),
)
