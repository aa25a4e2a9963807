"""Samples: 16 bytes each, and a failure is never a fast answer."""

from __future__ import annotations

import pytest

from advisor.load.samples import Kind, Samples, kind_of_status, outcome


def _samples(*rows: tuple[int, float, float, int]) -> Samples:
    samples = Samples()
    for due, lateness, service, code in rows:
        samples.due_microseconds.append(due)
        samples.lateness_seconds.append(lateness)
        samples.service_seconds.append(service)
        samples.outcomes.append(code)
    return samples


def test_a_sample_takes_16_bytes() -> None:
    assert Samples().bytes_per_sample == 16


@pytest.mark.parametrize("kind", list(Kind))
def test_an_outcome_keeps_kind_status_and_request_apart(kind: Kind) -> None:
    (sample,) = _samples((1_500_000, 0.25, 0.5, outcome(kind, 599, 999)))
    assert (sample.kind, sample.status, sample.request) == (kind, 599, 999)
    assert (sample.due_seconds, sample.response_seconds) == (1.5, 0.75)


def test_failures_count_as_the_timeout_and_never_as_less() -> None:
    samples = _samples(
        (0, 0.25, 0.5, outcome(Kind.ANSWERED, 200)),
        (0, 0.25, 0.125, outcome(Kind.SERVER_ERROR, 500)),
        (0, 0.0, 0.0, outcome(Kind.REFUSED)),
        (0, 4.0, 8.0, outcome(Kind.TIMEOUT)),
    )
    assert list(samples.response_times(timeout_seconds=8)) == [0.75, 8, 8, 12]
    assert list(samples.service_times(timeout_seconds=8)) == [0.5, 8, 8, 8]


def test_kinds_and_statuses_are_counted_over_all_requests() -> None:
    samples = _samples(
        (0, 0, 0, outcome(Kind.ANSWERED, 200, 0)),
        (0, 0, 0, outcome(Kind.ANSWERED, 200, 1)),
        (0, 0, 0, outcome(Kind.ANSWERED, 302, 1)),
        (0, 0, 0, outcome(Kind.RESET, 0, 1)),
    )
    assert samples.kinds() == {Kind.ANSWERED: 3, Kind.RESET: 1}
    assert samples.statuses() == {200: 2, 302: 1}


def test_samples_of_several_generators_are_put_together() -> None:
    samples = _samples((1, 0, 0, 0))
    samples.extend(_samples((2, 0, 0, 0), (3, 0, 0, 0)))
    assert list(samples.due_microseconds) == [1, 2, 3]
    assert len(list(samples)) == len(samples) == 3


def test_a_sample_that_was_being_written_is_dropped() -> None:
    samples = _samples((1, 0, 0, 0))
    samples.due_microseconds.append(2)
    samples.cut_to_whole()
    assert [sample.due_seconds for sample in samples] == [0.000001]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, Kind.ANSWERED), (399, Kind.ANSWERED), (400, Kind.CLIENT_ERROR), (500, Kind.SERVER_ERROR)],
)
def test_a_status_says_how_a_request_ended(status: int, kind: Kind) -> None:
    assert kind_of_status(status) is kind
