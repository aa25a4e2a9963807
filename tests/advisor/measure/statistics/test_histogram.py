"""Histograms hold every sample, in few buckets with bounds that people read."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.measure.statistics.histogram import MOST_BUCKETS, Bucket, histogram

_latencies = st.lists(st.floats(0, 100), min_size=1, max_size=200).map(sorted)


@given(_latencies, st.integers(3, 20))
def test_every_sample_is_in_its_bucket_and_no_bucket_is_missing(latencies: list[float], most: int) -> None:
    buckets = histogram(latencies, most=most)
    assert 1 <= len(buckets) <= most
    assert sum(bucket.samples for bucket in buckets) == len(latencies)
    for one, next_one in itertools.pairwise(buckets):
        assert one.low_seconds < one.high_seconds == next_one.low_seconds
    for bucket in buckets[:-1]:
        assert bucket.samples == sum(bucket.low_seconds <= latency < bucket.high_seconds for latency in latencies)
    assert buckets[0].low_seconds <= latencies[0]
    assert buckets[-1].high_seconds == latencies[-1]


def test_a_few_stragglers_do_not_squeeze_the_others_together() -> None:
    generator = random.Random(1)
    latencies = sorted([generator.uniform(0.020, 0.030) for _ in range(995)] + [5.0] * 5)
    buckets = histogram(latencies)
    assert len(buckets) >= 8
    assert max(bucket.samples for bucket in buckets) < 300
    assert buckets[-1].high_seconds == 5.0


def test_latencies_of_one_magnitude_get_equal_widths() -> None:
    buckets = histogram([0.001 * n for n in range(10, 21)])
    assert [round(bucket.high_seconds, 6) for bucket in buckets[:3]] == [0.011, 0.012, 0.013]


def test_latencies_of_several_magnitudes_get_growing_ones() -> None:
    latencies = sorted(0.0015 * 1.01**n for n in range(700))  # 1.5 ms to 1.57 s
    bounds = [round(bucket.high_seconds, 6) for bucket in histogram(latencies)]
    assert bounds[:-1] == [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]


def test_very_many_magnitudes_still_fit() -> None:
    latencies = sorted(10.0**n for n in range(-9, 9))
    assert len(histogram(latencies)) <= MOST_BUCKETS


def test_a_last_bucket_as_narrow_as_a_rounding_error_is_none_of_its_own() -> None:
    buckets = histogram(sorted([0.02] * 10 + [0.03] * 10 + [0.05] * 9 + [0.0500000007]))
    assert (buckets[-1].low_seconds, buckets[-1].samples) == (0.045, 10)


def test_equal_latencies_are_one_bucket() -> None:
    assert histogram([0.02] * 50) == (Bucket(0.02, 0.02, 50),)


def test_no_latencies_have_no_buckets() -> None:
    assert histogram([]) == ()


def test_too_few_buckets_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        histogram([1.0], most=2)
