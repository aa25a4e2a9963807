"""What gives a setting its effective value, judged and taken away: shared by the rules on single settings."""

from __future__ import annotations

from collections.abc import Callable

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Place, Source
from gunicorn_conf.rules.conf_tree import bindings
from gunicorn_conf.rules.finding import Edit, Fix
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import Verdict, verdict
from gunicorn_conf.settings import supports
from gunicorn_conf.value import Known, Literal


def given(subject: Subject, name: str) -> Assigned | None:
    """What gives the setting its value in the end; None where the default holds or the release lacks the setting."""
    return subject.config.get(name) if supports(name, subject.release) else None


def wrong(subject: Subject, name: str, test: Callable[[Literal], bool]) -> tuple[Assigned, Verdict] | None:
    """What gives the setting a value that fails the test, and how sure that is.

    A value that a variable replaces when it is set counts as one of several.
    """
    one = given(subject, name)
    if one is None:
        return None
    found = verdict(one.value, test)
    if found is None:
        return None
    unset = f" while {' and '.join(one.variables)} {'is' if len(one.variables) == 1 else 'are'} not set"
    return one, found._replace(
        always=found.always and not one.conditional and not one.variables,
        condition=unset if one.variables else found.condition,
    )


def is_known(subject: Subject, name: str, test: Callable[[Literal], bool]) -> bool:
    """Whether the effective value, Gunicorn's default included, is exactly known and passes the test."""
    if not supports(name, subject.release):
        return False
    one = subject.config.get(name)
    if one is not None and not is_sure(one):
        return False
    value = subject.config.value(name)
    return isinstance(value, Known) and test(value.value)


def is_off(subject: Subject, name: str) -> bool:
    """Whether the setting is certainly false, None or empty, or the release does not have it."""
    return not supports(name, subject.release) or is_known(subject, name, lambda value: not _true(value))


def is_on(subject: Subject, name: str) -> bool:
    """Whether the setting certainly holds something."""
    return is_known(subject, name, _true)


def place_of(subject: Subject, *names: str) -> Place:
    """Where the first of these settings that something sets is given its value, else the configuration as a whole."""
    found = next((one for one in (given(subject, name) for name in names) if one is not None), None)
    return found.value_place if found is not None else subject.place


def text_of(subject: Subject, name: str) -> str | None:
    """The effective value where it is exactly known and text."""
    one = given(subject, name)
    if one is not None and not is_sure(one):
        return None
    found = subject.config.known(name) if supports(name, subject.release) else None
    return found if isinstance(found, str) else None


def is_sure(one: Assigned) -> bool:
    """Whether it gives the value in any case: under no undecided condition, and after no variable that is not given."""
    return not one.conditional and not one.variables


def rewrite(one: Assigned, text: str, description: str, *, safe: bool) -> Fix | None:
    """The fix that writes another value in its place, None where the value is not written there alone."""
    if one.source is not Source.FILE or not one.replaceable or not is_sure(one):
        return None
    return Fix(description=description, safe=safe, edits=(Edit(place=one.value_place, text=text),))


def removal(subject: Subject, one: Assigned, *, safe: bool) -> Fix | None:
    """The fix that removes an assignment of a file, None where something else hangs on its statement."""
    conf = subject.conf
    if one.source is not Source.FILE or one.conditional or conf is None:
        return None
    name = conf.name(one.name)
    if name is None or name.read_elsewhere or name.conditional or name.imported:
        return None
    shared = any(other.statement == name.statement for other in conf.names if other is not name)
    # Within a block, or after an earlier binding of the same name, taking it away would do more than remove it.
    if shared or name.statement.column != 1 or len(bindings(conf, one.name)) != 1:
        return None
    return Fix(description=f"remove {one.name}", safe=safe, edits=(Edit(place=name.statement, text=""),))


def _true(value: Literal) -> bool:
    # validate_bool reads "false" as False; no other text is false to Gunicorn but the empty one.
    return bool(value) and not (isinstance(value, str) and value.strip().lower() == "false")
