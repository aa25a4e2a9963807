"""Rules on bind: what Gunicorn refuses, what it cannot open, and what it takes for something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Source
from gunicorn_conf.rules.addresses import BadAddress, entries, read_address
from gunicorn_conf.rules.finding import Confidence, Fix, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import place_of_wrong, replacement, shown, verdict
from gunicorn_conf.value import Known, Literal

_LITERAL = re.compile(r"""(['"]).*\1""")


def bind_not_text(subject: Subject) -> Iterator[Problem]:
    """An address in bind is not text: a number, or a pair of host and port.

    Gunicorn takes a string or a list of strings, and ends with an error before it starts.

    Mend it by writing host and port as one string.

    Example::

        bind = 8000                  # before; ("0.0.0.0", 8000) fails too
        bind = "0.0.0.0:8000"        # after

    Ignore it when the file is no longer used; Gunicorn does not start with it.
    """
    for one in subject.config.all("bind"):
        found = verdict(one.value, _is_no_text)
        if found is None:
            continue
        right = _joined(found.example)
        yield Problem(
            message=f"bind {found.verb} {shown(found.example)}, which is neither a string nor a list of strings: "
            "Gunicorn ends with an error",
            place=place_of_wrong(subject, one, found),
            help=f'write bind = "{right}"' if right else 'write it as "host:port"',
            setting="bind",
            fix=_literal_fix(one, found.example, right) if found.always else None,
            severity=found.severity,
            confidence=found.confidence,
        )


def bad_address(subject: Subject) -> Iterator[Problem]:
    """An address in bind cannot be read, or there is none.

    Gunicorn reads addresses only when it opens its sockets: ``--check-config`` says nothing, and the start ends with
    an error. Usual are a URL, several addresses in one string, an IPv6 address without brackets, a port that came from
    a variable that is not set, and ``$PORT`` where no shell puts the value in its place. With an empty list Gunicorn
    starts, listens nowhere and serves nobody.

    Mend it by writing ``host:port``, ``unix:/path`` or ``fd://3``, or a list of such.

    Example::

        bind = "http://0.0.0.0:8000"             # before
        bind = "0.0.0.0:8000"                    # after
        bind = ["0.0.0.0:8000", "[::]:8000"]     # several

    Ignore it when the value is only reported for a variable that your deployment always sets.
    """
    one = subject.config.get("bind")
    if one is None:
        return
    found = verdict(one.value, lambda value: _why_bad(value) is not None)
    if found is None:
        return
    bad = _why_bad(found.example)
    assert bad is not None, "the value was found to be bad"
    unset = "'None'" in bad.why or bad.why.startswith("'' is")
    from_variable = unset and not _LITERAL.fullmatch(one.text)
    help_text = 'write "host:port", "unix:/path" or a list of them'
    if from_variable:
        help_text = "give the variable that the port comes from a default"
    elif "nothing puts" in bad.why:
        help_text = _how_to_expand(one)
    elif bad.right:
        help_text = f"write {bad.right}"
    yield Problem(
        message=f"bind {found.verb} {shown(found.example)}, which Gunicorn cannot open: {bad.why}",
        place=place_of_wrong(subject, one, found),
        help=help_text,
        setting="bind",
        fix=_address_fix(one, bad) if found.always else None,
        severity=Severity.WARNING if from_variable else found.severity,
        confidence=Confidence.MEDIUM if from_variable else found.confidence,
    )


def bare_number(subject: Subject) -> Iterator[Problem]:
    """bind is a number in quotes, meant as a port; Gunicorn takes it for a host.

    ``"8000"`` is the host 8000, that is the address 0.0.31.64, with the default port 8000. Gunicorn tries five times,
    a second apart, and ends with "Can't connect to". ``--check-config`` says nothing.

    Mend it by writing the host too; ``":8000"`` means every address.

    Example::

        bind = "8000"              # before
        bind = "0.0.0.0:8000"      # after

    Ignore it when the file is no longer used; no such host exists.
    """
    one = subject.config.get("bind")
    if one is None:
        return
    found = verdict(one.value, lambda value: any(entry.isdecimal() for entry in entries(value)))
    if found is None:
        return
    number = next(entry for entry in entries(found.example) if entry.isdecimal())
    yield Problem(
        message=f"bind {found.verb} {shown(found.example)}: Gunicorn takes {number} for a host, "
        "cannot open it and ends after 5 tries",
        place=place_of_wrong(subject, one, found),
        help=f'write "0.0.0.0:{number}" for every address, or "127.0.0.1:{number}" behind a proxy on the same machine',
        setting="bind",
        fix=_literal_fix(one, found.example, f"0.0.0.0:{number}") if found.always else None,
        severity=found.severity,
        confidence=found.confidence,
    )


def _how_to_expand(one: Assigned) -> str:
    if one.source is Source.FILE:
        return 'take it from the environment: "0.0.0.0:" + os.environ.get("PORT", "8000")'
    return "only a shell expands variables: use the shell form, or leave bind out, since Gunicorn reads PORT by itself"


def _is_no_text(value: Literal) -> bool:
    if not value or isinstance(value, str):
        return False
    if not isinstance(value, (list, tuple, set, frozenset, dict)):
        return True
    return not all(isinstance(entry, str) for entry in value)


def _joined(value: Literal) -> str | None:
    """The address that a number, or a host beside a port, was meant to be."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"0.0.0.0:{value}"
    if isinstance(value, (list, tuple)) and [type(part) for part in value] == [str, int]:
        return f"{value[0]}:{value[1]}"
    return None


def _why_bad(value: Literal) -> BadAddress | None:
    if _is_no_text(value):
        return None
    if not value:
        return BadAddress("it names no address, so Gunicorn listens nowhere")
    read = (read_address(entry) for entry in entries(value))
    return next((one for one in read if isinstance(one, BadAddress)), None)


def _address_fix(one: Assigned, bad: BadAddress) -> Fix | None:
    if one.source is not Source.FILE or bad.right is None or not _LITERAL.fullmatch(one.text):
        return None
    if isinstance(one.value, Known) and not isinstance(one.value.value, str):
        return None
    return replacement(one, bad.right, f"write {bad.right}", safe=True)


def _literal_fix(one: Assigned, value: Literal, right: str | None) -> Fix | None:
    """Not safe: nothing says on which addresses to listen."""
    if one.source is not Source.FILE or right is None or isinstance(value, (list, tuple)) != one.text.startswith("("):
        return None
    if not (one.text.isdecimal() or _LITERAL.fullmatch(one.text) or isinstance(value, tuple)):
        return None
    return replacement(one, f'"{right}"', f'write "{right}"', safe=False)


RULES = (
    Rule(
        code="GC110",
        name="bind-not-text",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=bind_not_text,
        evidence='gunicorn/config.py, validate_list_string (27.0.1); run: 8000 and ("0.0.0.0", 8000): exit code 1',
    ),
    Rule(
        code="GC111",
        name="bad-address",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=bad_address,
        evidence="gunicorn/util.py, parse_address; run: the start ends with exit code 1, --check-config with 0",
    ),
    Rule(
        code="GC112",
        name="bind-bare-number",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=bare_number,
        evidence="gunicorn/util.py, parse_address; run: \"Invalid address: ('8000', 8000)\" five times, exit code 1",
    ),
)
