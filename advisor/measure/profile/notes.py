"""Says in sentences what a profile saw besides its figures."""

from __future__ import annotations

from advisor.measure.profile.mix import mixed_mean, mixed_queued
from advisor.measure.profile.one_client import SLOW_SECONDS, OneClient
from advisor.measure.profile.probe import shown
from advisor.units import MIB, show_bytes

# Gunicorn's own default of `timeout`, after which the arbiter ends a sync worker that is silent (config.py, Timeout).
_DEFAULT_TIMEOUT_SECONDS = 30
# A line of access log is a hundred bytes or two; ten times that is more than a log.
_PRINTS_MUCH_BYTES = 1024
# A thread that wakes now and then takes less than this of a CPU.
_IDLE_CPUS = 0.02
# Below it a worker needs a day at 10 requests/s to grow by a gibibyte.
_GROWS_FROM_BYTES = MIB
# Of the time that a request takes; below it the other figures are moved by less than they vary from run to run.
_QUEUED_SHARE = 0.1
# Waking up takes a thread some hundredths of a millisecond on a machine with nothing else to do.
_QUEUED_FROM_SECONDS = 0.000_2


def notes(one: OneClient, *, printed_bytes_per_request: float, stuck: str | None) -> tuple[str, ...]:
    """The notes of a profile, those about single endpoints first."""
    found = list(one.notes)
    for endpoint in one.endpoints:
        request = shown(endpoint.request)
        if endpoint.service_seconds >= _DEFAULT_TIMEOUT_SECONDS:
            found.append(
                f"{request} takes {endpoint.service_seconds:.3g} s: with its default timeout of "
                f"{_DEFAULT_TIMEOUT_SECONDS} s Gunicorn ends a sync worker that is silent so long"
            )
        if endpoint.few_samples:
            slow = " since one takes so long" if endpoint.service_seconds >= SLOW_SECONDS else ""
            plural = "" if endpoint.samples == 1 else "s"
            found.append(f"{request} was measured with {endpoint.samples} request{plural} only{slow}")
    for endpoint, each in zip(one.endpoints, one.growth_by_endpoint, strict=True):
        growth = (each or 0.0) * 1000
        if growth >= _GROWS_FROM_BYTES:
            found.append(
                f"a worker grows by {show_bytes(round(growth))} in 1,000 requests to {shown(endpoint.request)}: it "
                "keeps something of each; max_requests bounds it until that is mended"
            )
    if printed_bytes_per_request >= _PRINTS_MUCH_BYTES:
        found.append(f"the app prints {show_bytes(round(printed_bytes_per_request))} for each request")
    if one.children:
        plural = "" if one.children == 1 else "es"
        found.append(f"each worker starts {one.children} process{plural} of its own, which count as part of it")
    if one.idle_cpus >= _IDLE_CPUS:
        found.append(
            f"a worker computes {one.idle_cpus:.2f} CPUs without any request; this is in the CPU time per request"
        )
    found += _queued(one)
    if stuck is not None:
        found.append(f"threads do not work for this app: {stuck}")
    return tuple(found)


def _queued(one: OneClient) -> list[str]:
    """That the machine had too little left for a measurement, where it had."""
    queued = mixed_queued(one.endpoints) or 0.0
    service = mixed_mean(one.endpoints, [endpoint.service_seconds for endpoint in one.endpoints])
    if queued < max(_QUEUED_SHARE * service, _QUEUED_FROM_SECONDS):
        return []
    text = (
        f"a request waited {queued * 1000:.3g} ms for a CPU beyond the {service * 1000:.3g} ms shown: other programs "
        "took the CPUs while this was measured, or a limit on CPU time was reached; what shares a CPU takes more CPU "
        "time too, so measure again when the machine has less to do"
    )
    return [text]
