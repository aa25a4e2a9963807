"""Rules on whose rights the workers have."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.config import Assigned
from gunicorn_conf.rules.certainty import is_unset
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_sure
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.value import certain

_ROOT = ("root", 0, "0")


def workers_as_root(subject: Subject) -> Iterator[Problem]:
    """The workers run as root, or keep root's group.

    Gunicorn changes to ``user`` after it has opened its sockets; without it the workers keep the rights of whoever
    started it, and Gunicorn does not warn. A fault in the application then has all rights of the container or machine.
    With ``user`` alone the workers keep the group root and root's supplementary groups: the group is changed only where
    ``group`` is set too.

    Mend it with a user of the image (``USER`` in a Dockerfile), of the service manager (``User=`` in systemd), or with
    ``user`` and ``group``.

    Example::

        user = "www-data"      # before: the workers are in the group root
        group = "www-data"     # after, with user as well

    Ignore it when the platform gives the container a user of its own, as OpenShift does. The user is taken from the
    files; where they do not tell, nothing is reported.
    """
    deployment = subject.deployment
    source = deployment.sources.get("root")
    user = given(subject, "user")
    name = _name(user)
    if user is not None and name in _ROOT and deployment.root is not False:
        yield Problem(
            message=f"user is {name}: the workers run with all rights",
            place=user.value_place,
            help="name a user of the application's own",
            setting="user",
        )
        return
    if deployment.root is not True:
        return
    unset = is_unset(subject, "user")
    if user is None and unset is not None:
        yield Problem(
            message=f"user is not set, and the workers run as root{f' ({source})' if source else ''}",
            place=subject.command.place if subject.command is not None else subject.place,
            help="give the image or service a user of its own, or set user and group",
            setting="user",
            confidence=None if unset is Confidence.HIGH else Confidence.MEDIUM,
        )
    elif user is not None and name is not None and is_unset(subject, "group") is not None:
        yield Problem(
            message=f"user is {name} and group is not set: the workers keep the group root and root's supplementary "
            "groups",
            place=user.value_place,
            help="set group as well, and initgroups = True for the user's further groups",
            setting="group",
        )


def _name(one: Assigned | None) -> object:
    value = certain(one.value) if one is not None and is_sure(one) else None
    return value[0] if value is not None else None


RULES = (
    Rule(
        code="GC513",
        name="workers-as-root",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=workers_as_root,
        evidence="gunicorn/util.py, set_owner_process (27.0.1); run as root: uid 0 without a warning, and gid 0 "
        "with user alone",
    ),
)
