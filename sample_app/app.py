"""The endpoints: each says in its query what one request costs."""

from __future__ import annotations

from flask import Flask, Response, request

from sample_app import costs
from sample_app.parameters import MOST_KIB, MOST_MIB, MOST_MS, MOST_SECONDS, BadParameterError, choice, number

# The wait of the four experiments that the documentation describes.
_DEFAULT_WAIT_SECONDS = 2.0
# A middling handler of a web application: templates and serialising for some milliseconds.
_DEFAULT_CPU_MS = 10.0

app = Flask("sample_app")


@app.get("/")
def nothing() -> str:
    """Answer at once."""
    return "Hello\n"


@app.get("/io")
def io() -> str:
    """Wait for ``seconds``, as a handler that calls another service does; ``spread`` says how the waits vary."""
    seconds = number(request.args, "seconds", default=_DEFAULT_WAIT_SECONDS, most=MOST_SECONDS)
    costs.wait(costs.draw(seconds, _spread()))
    return "Finished\n"


@app.get("/cpu")
def cpu() -> str:
    """Use ``ms`` milliseconds of this thread's CPU time."""
    costs.burn(number(request.args, "ms", default=_DEFAULT_CPU_MS, most=MOST_MS))
    return "Finished\n"


@app.get("/mixed")
def mixed() -> str:
    """Use ``ms`` milliseconds of CPU time, then wait for ``seconds``; both must be given, ``spread`` as for /io."""
    milliseconds = number(request.args, "ms", most=MOST_MS)
    seconds = number(request.args, "seconds", most=MOST_SECONDS)
    spread = _spread()
    costs.burn(milliseconds)
    costs.wait(costs.draw(seconds, spread))
    return "Finished\n"


@app.get("/memory")
def memory() -> str:
    """Hold ``mib`` mebibytes of touched memory until the answer is made."""
    block = costs.allocate(number(request.args, "mib", most=MOST_MIB))
    return f"Touched {len(block)} bytes\n"


@app.get("/large")
def large() -> bytes:
    """Answer with a body of ``kib`` kibibytes."""
    return bytes(int(number(request.args, "kib", most=MOST_KIB) * 1024))


@app.get("/healthz")
def healthz() -> str:
    """Answer that the app is up."""
    return "ok\n"


@app.errorhandler(BadParameterError)
def bad_parameter(error: BadParameterError) -> Response:
    """Say in one sentence what is allowed."""
    return Response(f"{error}\n", status=400, mimetype="text/plain")


def _spread() -> costs.Spread:
    return choice(request.args, "spread", costs.Spread, default=costs.Spread.FIXED)
