"""One configuration that tune may try, and what was forecast of it before any measurement."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.model.shape import Shape, WorkerClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A shape; or, where ``event_loop`` names a worker class with one, so many workers of that class.

    Of an event loop's shape the number of workers alone counts: it takes any number of requests that wait.
    """

    shape: Shape
    event_loop: str | None = None

    @property
    def name(self) -> str:
        """What tables call it, and what tells it from all others: ``2 × 16 gthread``, ``5 sync``, ``2 gevent``."""
        if self.event_loop is None:
            return self.shape.shown
        return f"{self.shape.workers} {self.event_loop.rpartition('.')[2]}"

    @property
    def group(self) -> str:
        """The options that share a worker class and a way to take connections."""
        if self.event_loop is not None:
            return self.event_loop
        if self.shape.worker_class is WorkerClass.SYNC:
            return "sync"
        return "gthread, limited" if self.shape.takes_only_what_it_serves else "gthread, default connections"

    @property
    def threads(self) -> int:
        """Threads in a worker; 1 in an event loop."""
        return 1 if self.event_loop is not None else self.shape.threads

    def settings(self) -> dict[str, int | str]:
        """The settings of Gunicorn that make it, each of them, since a configuration that is there may say other."""
        if self.event_loop is not None:
            return {"workers": self.shape.workers, "worker_class": self.event_loop}
        # sync with threads above 1 is gthread to Gunicorn (config.py, worker_class of Config).
        return {**self.shape.settings(), "threads": self.shape.threads}

    def arguments(self) -> tuple[str, ...]:
        """The same as arguments of Gunicorn's command line, which win over a configuration file."""
        flags = {"keepalive": "--keep-alive"}
        return tuple(
            part
            for name, value in self.settings().items()
            for part in (flags.get(name, "--" + name.replace("_", "-")), str(value))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the model says of an option before it was measured, in requests per second.

    ``per_second`` is the throughput at saturation, and ``target_per_second`` what is sought: the same, or the highest
    rate that holds a limit of latency. An event loop is not modelled: both are then a stand-in to search with, that of
    workers with many threads, and no prediction.
    """

    option: Option
    per_second: float
    target_per_second: float
    memory_bytes: int

    @property
    def predicted_per_second(self) -> float | None:
        """The throughput that was predicted; None where it is a stand-in."""
        return self.per_second if self.option.event_loop is None else None
