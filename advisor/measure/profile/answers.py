"""Judges the first answer of an endpoint: whether what it costs says anything about the app."""

from __future__ import annotations

from http import HTTPStatus

from advisor.load.samples import Kind
from advisor.measure.profile.log_reading import last_exception
from advisor.measure.profile.probe import Answer, shown
from gunicorn_conf.errors import BadInput, GcadviseError, ServerFailed

_LOGIN_STATUSES = frozenset({401, 403, 407, 511})
_SAYS_NOTHING = "what a refusal costs says nothing about the app's own work"
# An answer whose size changes by more than this from one request to the next is worth a word.
_VARIES_ABOVE = 0.1


def refusal(answer: Answer, log: str) -> GcadviseError | None:
    """Why this endpoint cannot be profiled; None when it can. ``log`` is what the server printed."""
    request = shown(answer.request)
    if answer.kind is Kind.ANSWERED:
        return None
    if answer.kind is Kind.SERVER_ERROR:
        return ServerFailed(
            f"{request} answers {_status(answer)}",
            why=last_exception(log) or "the app fails at this request",
            hint="mend what the log says, or name another request with --path",
            log=log,
        )
    if answer.kind is Kind.CLIENT_ERROR:
        return BadInput(f"{request} answers {_status(answer)}", why=_SAYS_NOTHING, hint=_hint(answer.status))
    if answer.kind is Kind.MALFORMED:
        return ServerFailed(
            f"{request} gets no answer in HTTP/1.1",
            why="what came is no HTTP response, or more than one",
            hint="look at the app's own handling of responses",
            log=log,
        )
    return ServerFailed(
        f"{request} gets no whole answer",
        why=last_exception(log) or "the worker closed the connection, or ended, while it served the request",
        hint="look at the log; an app that ends its process (os._exit, a crash in a library) takes the worker with it",
        log=log,
    )


def remarks(answers: list[Answer]) -> list[str]:
    """What is worth knowing about the first answers of one endpoint."""
    first = answers[0]
    request = shown(first.request)
    found = []
    if 300 <= first.status < 400:
        found.append(_redirect(first, request))
    sizes = sorted(answer.size_bytes for answer in answers)
    if sizes[-1] - sizes[0] > _VARIES_ABOVE * sizes[-1]:
        found.append(f"the answers of {request} vary: from {sizes[0]:,} to {sizes[-1]:,} bytes")
    if len({answer.status for answer in answers}) > 1:
        statuses = ", ".join(str(answer.status) for answer in answers)
        found.append(f"the answers of {request} vary: {statuses}")
    return found


def _redirect(answer: Answer, request: str) -> str:
    where = answer.location or "nowhere"
    said = f"{request} answers {answer.status} to {where}: only the redirect was measured"
    if where.startswith("https://"):
        return f"{said}; an app that insists on HTTPS may take --header 'X-Forwarded-Proto: https'"
    return f"{said}; name the page itself with --path, with a --header 'Cookie: ...' where it needs a login"


def _hint(status: int) -> str:
    if status in _LOGIN_STATUSES:
        return (
            "it needs a login: send what a client sends that is logged in, such as --header 'Authorization: ...' or "
            "--header 'Cookie: ...', or name a public page with --path"
        )
    if status == HTTPStatus.NOT_FOUND:
        return "name a page that exists with --path"
    if status == HTTPStatus.BAD_REQUEST:
        return (
            "send what the app expects (--path with a query, --request 'POST /x', --header, --body-file); an app that "
            "checks the Host header (ALLOWED_HOSTS) must allow 127.0.0.1"
        )
    return (
        "send what the app expects, with --request 'POST /x', --header or --body-file, or name another page with --path"
    )


def _status(answer: Answer) -> str:
    try:
        return f"{answer.status} {HTTPStatus(answer.status).phrase}"
    except ValueError:
        return str(answer.status)
