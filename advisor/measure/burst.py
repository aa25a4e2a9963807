"""Sends a number of requests at the same moment, each on a new connection, and notes when each was answered."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import requests
import urllib3

from advisor.measure.limits import MOST_REQUESTS as MOST_REQUESTS
from advisor.measure.limits import check_count

# Above the longest that the platforms let a request take (230 s on App Service would be waited for with --timeout).
DEFAULT_TIMEOUT_SECONDS = 60.0
# Beyond a request's own timeout, for the thread that noted it to come to its end.
_SLACK_SECONDS = 2.0
_NUMBER_HEADER = "X-Gcadvise-Request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one request; times are monotonic seconds.

    ``answered_seconds`` is when the whole answer, or the error, was there. ``error`` is ``timeout``, ``refused``,
    ``connection`` or ``other``, None when there was an answer.
    """

    number: int
    sent_seconds: float
    answered_seconds: float
    status: int | None
    error: str | None


def send_at_once(
    url: str, count: int, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS, verify_certificate: bool = False
) -> tuple[Answer, ...]:
    """Send ``count`` requests at the same moment and wait for all; in the order of their numbers.

    Proxies and other settings of the environment are not used. On the loopback interface a certificate is for
    another name, so it is not verified unless asked for. Raises BadInput when ``count`` is out of bounds.
    """
    check_count(count)
    answers: dict[int, Answer] = {}
    barrier = threading.Barrier(count + 1)
    if not verify_certificate:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    threads = [
        threading.Thread(
            target=_send, args=(url, number, timeout_seconds, verify_certificate, barrier, answers), daemon=True
        )
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    barrier.wait()
    begun = time.monotonic()
    for thread in threads:
        thread.join(max(begun + timeout_seconds + _SLACK_SECONDS - time.monotonic(), 0))
    given_up = time.monotonic()
    return tuple(
        answers.get(number)
        or Answer(number=number, sent_seconds=begun, answered_seconds=given_up, status=None, error="timeout")
        for number in range(count)
    )


def _send(
    url: str,
    number: int,
    timeout_seconds: float,
    verify_certificate: bool,
    barrier: threading.Barrier,
    answers: dict[int, Answer],
) -> None:
    status: int | None = None
    error: str | None = None
    with requests.Session() as session:
        session.trust_env = False
        session.verify = verify_certificate
        request = requests.Request("GET", url, headers={_NUMBER_HEADER: str(number), "Connection": "close"})
        prepared = session.prepare_request(request)
        barrier.wait()
        sent = time.monotonic()
        try:
            status = session.send(prepared, timeout=timeout_seconds, allow_redirects=False).status_code
        except requests.Timeout:
            error = "timeout"
        except requests.ConnectionError as raised:
            error = "refused" if "refused" in str(raised).lower() else "connection"
        except requests.RequestException:
            error = "other"
        answered = time.monotonic()
    answers[number] = Answer(number=number, sent_seconds=sent, answered_seconds=answered, status=status, error=error)
