"""Rules on Unix sockets: who may connect to them, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.config import Assigned
from gunicorn_conf.rules.addresses import entries
from gunicorn_conf.rules.certainty import depends_on
from gunicorn_conf.rules.conf_edits import line_after
from gunicorn_conf.rules.finding import Confidence, Fix, Problem, Severity
from gunicorn_conf.rules.given import given, is_sure
from gunicorn_conf.rules.reach import unix_path
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.value import certain

_TEMPORARY = ("/tmp/", "/var/tmp/")


@depends_on("umask")
def socket_for_everybody(subject: Subject) -> Iterator[Problem]:
    """Every user of the machine may connect to the Unix socket.

    Gunicorn makes the socket with its own ``umask``, which is 0 unless it is set: mode 0777. Whoever connects is past
    the proxy and its checks, and is trusted as the proxy is: the forwarded headers of a Unix socket always count.

    Mend it with ``umask = 0o007`` and a group that the proxy belongs to, or with a directory that only the proxy may
    enter.

    Example::

        bind = "unix:/run/shop/gunicorn.sock"     # before: mode 0777
        umask = 0o007                             # after: mode 0770
        group = "www-data"

    Ignore it when the directory keeps others out, systemd opens the socket (a .socket unit), or the machine has no
    other users. In containers nothing is reported, and what is only Gunicorn's default counts as info.
    """
    one, paths = _sockets(subject)
    if one is None or not paths or subject.deployment.container or subject.config.whole_number("umask") != 0:
        return
    path = paths[0]
    if subject.deployment.private_tmp and path.startswith(_TEMPORARY):
        return
    edit = line_after(subject, "bind", "umask = 0o007") if given(subject, "umask") is None else None
    fix = Fix(description="add umask = 0o007", safe=False, edits=(edit,)) if edit is not None else None
    yield Problem(
        message=f"umask is 0: {shown(path)} gets mode 0777, and unless its directory keeps them out, every user of the "
        "machine can connect past the proxy",
        place=one.value_place,
        help="set umask = 0o007 and a group that the proxy belongs to",
        setting="umask",
        fix=fix,
        # Nobody chose the default, and most machines have no users to keep out.
        severity=Severity.INFO if given(subject, "umask") is None else None,
    )


def socket_in_tmp(subject: Subject) -> Iterator[Problem]:
    """The Unix socket lies in a directory for temporary files.

    Services with ``PrivateTmp=`` (nginx has it in most distributions) see a /tmp of their own: the proxy does not find
    the socket. Where /tmp is shared, any user can be there first and take the name, and programs that tidy up remove
    the socket after some days.

    Mend it with a directory in /run that belongs to the service: ``RuntimeDirectory=shop`` in its unit.

    Example::

        bind = "unix:/tmp/shop.sock"              # before
        bind = "unix:/run/shop/gunicorn.sock"     # after

    Ignore it when the machine is your own, for development.
    """
    one, paths = _sockets(subject)
    found = next((path for path in paths if path.startswith(_TEMPORARY)), None)
    if one is None or found is None or subject.deployment.container:
        return
    private = subject.deployment.private_tmp
    source = subject.deployment.sources.get("private_tmp", "PrivateTmp")
    yield Problem(
        message=f"{shown(found)} is in a directory of this service's own ({source}): the proxy does not see it"
        if private
        else f"{shown(found)} is where any user can take its name, and not seen by a proxy with a /tmp of its own "
        "(systemd's PrivateTmp=)",
        place=one.value_place,
        help="use a directory in /run, with RuntimeDirectory= in the unit",
        setting="bind",
        severity=Severity.ERROR if private else None,
        confidence=Confidence.HIGH if private else None,
    )


def _sockets(subject: Subject) -> tuple[Assigned | None, list[str]]:
    """What sets bind, and the paths of its Unix sockets where they are exactly known."""
    one = given(subject, "bind")
    value = certain(one.value) if one is not None and is_sure(one) else None
    if value is None:
        return None, []
    return one, [path for entry in entries(value[0]) if (path := unix_path(entry))]


RULES = (
    Rule(
        code="GC514",
        name="socket-for-everybody",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=socket_for_everybody,
        evidence="gunicorn/sock.py:160 (27.0.1); run: stat shows mode 777",
    ),
    Rule(
        code="GC515",
        name="socket-in-tmp",
        severity=Severity.INFO,
        confidence=Confidence.MEDIUM,
        check=socket_in_tmp,
        evidence="systemd.exec(5), PrivateTmp=; systemd's tmpfiles.d/tmp.conf removes what is 10 days old in /tmp",
    ),
)
