"""The sample app's endpoints cost what they say, and refuse what they cannot use in a sentence."""

from __future__ import annotations

import random
import statistics
import time

import pytest
from flask.testing import FlaskClient

from sample_app import app, costs
from sample_app.parameters import MOST_MIB, MOST_MS, MOST_SECONDS, BadParameterError, number


@pytest.fixture
def client() -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/", "Hello\n"),
        ("/healthz", "ok\n"),
        ("/io?seconds=0", "Finished\n"),
        ("/cpu?ms=0", "Finished\n"),
        ("/mixed?ms=1&seconds=0.001", "Finished\n"),
        ("/io?seconds=0&spread=exponential", "Finished\n"),
        ("/mixed?ms=1&seconds=0.001&spread=bimodal", "Finished\n"),
        ("/large?kib=2", "\0" * 2048),
        ("/memory?mib=1", "Touched 1048576 bytes\n"),
    ],
)
def test_answers(client: FlaskClient, path: str, answer: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.text) == (200, answer)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/io?seconds=-1", "seconds must be a number from 0 to 3600, not -1.\n"),
        ("/io?seconds=nan", "seconds must be a number from 0 to 3600, not nan.\n"),
        ("/io?seconds=inf", "seconds must be a number from 0 to 3600, not inf.\n"),
        ("/io?seconds=", "seconds must be a number from 0 to 3600, not ''.\n"),
        ("/io?seconds=3601", "seconds must be a number from 0 to 3600, not 3601.\n"),
        ("/cpu?ms=soon", "ms must be a number from 0 to 60000, not 'soon'.\n"),
        ("/mixed?ms=1", "seconds must be a number from 0 to 3600; it is missing.\n"),
        ("/mixed?seconds=1", "ms must be a number from 0 to 60000; it is missing.\n"),
        ("/memory", "mib must be a number from 0 to 1024; it is missing.\n"),
        ("/io?spread=wide", "spread must be one of fixed, exponential, bimodal, not 'wide'.\n"),
        ("/large", "kib must be a number from 0 to 65536; it is missing.\n"),
        ("/memory?mib=1e9", "mib must be a number from 0 to 1024, not 1e9.\n"),
    ],
)
def test_refuses_in_a_sentence(client: FlaskClient, path: str, sentence: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.text) == (400, sentence)


def test_mixed_checks_both_parameters_before_it_works(client: FlaskClient) -> None:
    before = time.thread_time()
    assert client.get("/mixed?ms=5000").status_code == 400
    assert time.thread_time() - before < 2


def test_burning_uses_the_cpu_time_that_was_asked_for() -> None:
    before = time.thread_time()
    costs.burn(30)
    assert time.thread_time() - before >= 0.030


def test_allocated_memory_is_all_there() -> None:
    block = costs.allocate(2)
    assert len(block) == 2 * 1024 * 1024
    assert block[0] == block[1024 * 1024] == 1


@pytest.mark.parametrize("spread", costs.Spread)
def test_waits_have_the_mean_that_was_asked_for(spread: costs.Spread) -> None:
    random.seed(1)
    drawn = [costs.draw(0.02, spread) for _ in range(20_000)]
    assert statistics.fmean(drawn) == pytest.approx(0.02, rel=0.03)
    variation = {costs.Spread.FIXED: 0.0, costs.Spread.EXPONENTIAL: 1.0, costs.Spread.BIMODAL: 1.5}[spread]
    assert statistics.pstdev(drawn) / 0.02 == pytest.approx(variation, rel=0.05, abs=1e-9)


@pytest.mark.parametrize("most", [MOST_SECONDS, MOST_MS, MOST_MIB])
def test_bounds_are_allowed_themselves(most: float) -> None:
    assert number({"x": str(most)}, "x", most=most) == most
    assert number({"x": "0"}, "x", most=most) == 0
    with pytest.raises(BadParameterError):
        number({"x": str(most * 1.001)}, "x", most=most)
