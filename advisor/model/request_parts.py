"""Says what one request takes of slots, GIL, cores and load generator when a given shape serves it."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.model.prediction import Demand
from advisor.model.shape import Shape, WorkerClass
from advisor.workload.cost import RequestCost

# An answer larger than this does not fit into the socket's buffers, so its worker waits until the client has read it.
# Linux begins at 16 KiB to send and 128 KiB to receive (tcp_wmem, tcp_rmem) and lets both grow.
LARGE_RESPONSE_BYTES = 144 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestParts:
    """One request in one shape. ``service_seconds`` are at a sync worker, without the hand-over.

    ``gil_share`` is the share of the CPU time that holds the GIL; ``blocked_seconds`` the part of the waiting that is
    spent until the load generator has read a large answer.
    """

    service_seconds: float
    cpu_seconds: float
    gil_share: float
    handover_seconds: float
    generator_seconds: float
    blocked_seconds: float
    kept_alive: bool
    """Whether its connection was there before and stays."""

    @property
    def wait_seconds(self) -> float:
        """Waiting for something else than CPU, GIL or load generator."""
        return max(self.service_seconds - self.cpu_seconds - self.blocked_seconds, 0.0)


def request_parts(request: RequestCost, shape: Shape, demand: Demand) -> RequestParts:
    """One request of ``request`` when ``shape`` serves it."""
    cpu = min(request.cpu_seconds, request.service_seconds)
    gil_share = min(request.gil_seconds / request.cpu_seconds, 1.0) if request.cpu_seconds > 0 else 1.0
    kept = keeps_connections(shape, demand)
    handover = request.handover_seconds if shape.worker_class is WorkerClass.GTHREAD else 0.0
    # No more is saved than the hand-over costs: a kept-alive empty handler took as long as one on a sync worker.
    saved = min(request.kept_alive_saves_seconds, handover) if kept else 0.0
    large = request.response_bytes > LARGE_RESPONSE_BYTES
    return RequestParts(
        service_seconds=request.service_seconds,
        cpu_seconds=cpu,
        gil_share=gil_share,
        handover_seconds=handover - saved,
        generator_seconds=demand.generator_cpu_seconds,
        blocked_seconds=min(request.service_seconds - cpu, demand.generator_cpu_seconds) if large else 0.0,
        kept_alive=kept,
    )


def keeps_connections(shape: Shape, demand: Demand) -> bool:
    """Whether clients stay with the worker that took their connection."""
    return demand.kept_alive and shape.worker_class is WorkerClass.GTHREAD and shape.keepalive > 0
