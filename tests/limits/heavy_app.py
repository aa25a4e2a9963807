"""A WSGI app that weighs BALLAST_MIB of memory from its import on, and whose requests compute a little and wait."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

COMPUTE_SECONDS, WAIT_SECONDS = 0.003, 0.012
_PAGE_BYTES = 4096

ballast = bytearray(int(os.environ["BALLAST_MIB"]) * 1024**2)
for place in range(0, len(ballast), _PAGE_BYTES):
    ballast[place] = 1  # a page that was never written takes no memory


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    end = time.thread_time() + COMPUTE_SECONDS
    while time.thread_time() < end:
        pass
    time.sleep(WAIT_SECONDS)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6")])
    return [b"served"]
