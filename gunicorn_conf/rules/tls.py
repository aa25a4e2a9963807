"""Rules on TLS in Gunicorn itself: keys without a certificate or out of reach, and clients that nobody lets in."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_off, is_on, is_sure, place_of, text_of
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.value import certain

# Directories that only root can look into: certbot's, 0700 (eff.org/certbot docs, "Where are my certificates?"), and
# Debian's, 0710 root:ssl-cert (package ssl-cert).
_ROOT_ONLY = ("/etc/letsencrypt/live/", "/etc/letsencrypt/archive/", "/etc/ssl/private/", "/root/")
_ROOT = ("root", 0, "0")
_OPTIONAL, _REQUIRED = 1, 2


def keyfile_without_certfile(subject: Subject) -> Iterator[Problem]:
    """keyfile is set and certfile is not.

    Gunicorn counts itself as serving TLS as soon as one of them is set, and then has no certificate to show: every
    connection ends with a TypeError in the log. It starts and listens all the same.

    Mend it by setting certfile; a certificate alone suffices where its file holds the key as well.

    Example::

        keyfile = "/etc/tls/tls.key"      # before
        certfile = "/etc/tls/tls.crt"     # after, with keyfile as well

    Ignore it when certfile is given on a command line that was not looked at, or an ssl_context hook loads one.
    """
    one = given(subject, "keyfile")
    if one is None or not is_on(subject, "keyfile") or not is_off(subject, "certfile") or _own_context(subject):
        return
    yield Problem(
        message="keyfile is set without certfile: every connection fails",
        place=one.place,
        help="set certfile, or remove keyfile and let the proxy serve TLS",
        setting="keyfile",
    )


def key_for_root_only(subject: Subject) -> Iterator[Problem]:
    """The workers give up root, and the key is where only root can read it.

    The key is read for each connection (sync, gthread) or when a worker starts, after the switch to the user of
    ``user``: a PermissionError, and every handshake fails. Gunicorn starts and listens all the same.

    Mend it with a copy that the user can read, or let the proxy serve TLS.

    Example::

        user = "www-data"
        keyfile = "/etc/letsencrypt/live/shop/privkey.pem"     # before: 0700, root only
        keyfile = "/etc/shop/tls/privkey.pem"                  # after: readable by www-data

    Ignore it when the rights of the directory were changed so that the user can read the key.
    """
    user = given(subject, "user")
    value = certain(user.value) if user is not None and is_sure(user) else None
    if user is None or value is None or value[0] is None or value[0] in _ROOT:
        return
    for name in ("keyfile", "certfile"):
        path = text_of(subject, name)
        if path is None or not path.startswith(_ROOT_ONLY):
            continue
        yield Problem(
            message=f"{name} is {shown(path)}, which only root can read, and the workers run as {value[0]}: "
            "unless its rights were changed, every connection fails",
            place=place_of(subject, name),
            help=f"give {value[0]} a copy that it can read, or let the proxy serve TLS",
            setting=name,
        )
        return


def client_certificate_without_ca(subject: Subject) -> Iterator[Problem]:
    """cert_reqs asks for a certificate of the client, and ca_certs does not say who may have signed it.

    Without ca_certs nobody's signature counts: with 2 (required) no client can connect, with 1 (optional) those that
    show a certificate are refused. Gunicorn starts all the same.

    Mend it by setting ca_certs to the file of the authority.

    Example::

        cert_reqs = 2                        # before
        ca_certs = "/etc/tls/clients-ca.crt" # after, with cert_reqs as well

    Ignore it when an ssl_context hook loads the authority.
    """
    number = subject.config.whole_number("cert_reqs")
    one = given(subject, "cert_reqs")
    if number is None and one is not None:
        # ssl.CERT_REQUIRED, of which only the text is at hand.
        number = {"CERT_OPTIONAL": _OPTIONAL, "CERT_REQUIRED": _REQUIRED}.get(one.text.rpartition(".")[2])
    if one is None or not is_sure(one) or number not in (_OPTIONAL, _REQUIRED):
        return
    if not is_off(subject, "ca_certs") or given(subject, "certfile") is None or _own_context(subject):
        return
    who = "no client can connect" if number == _REQUIRED else "clients that show a certificate cannot connect"
    yield Problem(
        message=f"cert_reqs is {number} without ca_certs: {who}",
        place=one.value_place,
        help="set ca_certs to the file of the authority that signs the clients' certificates",
        setting="cert_reqs",
    )


def _own_context(subject: Subject) -> bool:
    return given(subject, "ssl_context") is not None or (
        subject.conf is not None and subject.conf.function("ssl_context") is not None
    )


RULES = (
    Rule(
        code="GC150",
        name="keyfile-without-certfile",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=keyfile_without_certfile,
        evidence="gunicorn/config.py:202, sock.py:300 (27.0.1); run: every connection fails",
    ),
    Rule(
        code="GC151",
        name="key-for-root-only",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=key_for_root_only,
        evidence="gunicorn/sock.py:300 (27.0.1), called by each worker; run as root: every handshake fails",
    ),
    Rule(
        code="GC152",
        name="client-certificate-without-ca",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=client_certificate_without_ca,
        evidence="gunicorn/sock.py:286 (27.0.1); run: every handshake fails",
    ),
)
