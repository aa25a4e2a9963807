"""What a measurement may ask for; everything it sends is bounded in number and time."""

from __future__ import annotations

from gunicorn_conf.errors import BadInput

# One thread and one connection each: beyond this the sender, not the server, is what is measured.
MOST_REQUESTS = 1000
# An hour: no platform lets a request take longer.
MOST_TIMEOUT_SECONDS = 3600.0


def check_count(count: int) -> None:
    """Raise BadInput when so many requests cannot be sent at once."""
    if not 1 <= count <= MOST_REQUESTS:
        raise BadInput(
            f"{count:,} requests cannot be sent at once",
            why=f"each takes a thread and a connection here, so 1 to {MOST_REQUESTS:,} are allowed",
            hint="choose another number with --requests",
        )


def check_timeout(seconds: float) -> None:
    """Raise BadInput when an answer cannot be waited for so long; NaN is out of bounds too."""
    if not 0 < seconds <= MOST_TIMEOUT_SECONDS:
        raise BadInput(
            f"{seconds:g} s is not a time to wait for an answer",
            why=f"it must be above 0 and at most {MOST_TIMEOUT_SECONDS:,.0f} s",
            hint="choose another with --timeout",
        )
