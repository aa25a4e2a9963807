"""The errors that a user can meet, each with what failed, why, and what to do.

::

    GcadviseError
    ├── BadInput        a flag, a variable or a file says something that cannot be used
    ├── DoesNotFit      the request is sound, but this host cannot hold it
    └── ServerFailed    Gunicorn did not start, or died, or never answered
"""


class GcadviseError(Exception):
    """Something that ends a command with exit code 2.

    ``str(error)`` is what failed, in one line; ``why`` and ``hint`` (what to do) are one or a few more.
    """

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.why = why
        self.hint = hint


class BadInput(GcadviseError):
    """A flag, a variable or a file says something that cannot be used."""


class DoesNotFit(GcadviseError):
    """The request is sound, but this host cannot hold it."""


class ServerFailed(GcadviseError):
    """Gunicorn did not start, died, or never answered; ``log`` is what it printed."""

    def __init__(self, what: str, *, why: str = "", hint: str = "", log: str = "") -> None:
        super().__init__(what, why=why, hint=hint)
        self.log = log
