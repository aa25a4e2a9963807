"""Each app that cannot be profiled, or not wholly, ends in a clear statement, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from advisor.load.spec import LoadRequest
from advisor.measure.profile.profile import profile_app
from advisor.measure.profile.result import AppProfile
from advisor.measure.server_spec import ServerSpec
from advisor.units import MIB
from gunicorn_conf.errors import BadInput, ServerFailed

from .conftest import Profiled


@pytest.fixture(autouse=True)
def nothing_stays(left_behind: Callable[[], list[str]]) -> Iterator[None]:
    """Checks after each test that no process of its servers lives."""
    yield
    assert left_behind() == []


def _said(profile: AppProfile, words: str) -> str:
    """The one note with these words in it."""
    (note,) = [note for note in profile.notes if words in note]
    return note


def test_an_app_that_does_not_import_is_named_with_the_exception(profiled: Profiled) -> None:
    with pytest.raises(ServerFailed, match="lacks_a_module:app does not start") as failed:
        profiled("lacks_a_module:app")
    assert failed.value.why == "ModuleNotFoundError: No module named 'no_such_module'"
    assert "--python" in failed.value.hint
    assert "Traceback" in failed.value.log


def test_an_app_that_is_not_there_is_said_in_gunicorns_words(profiled: Profiled) -> None:
    with pytest.raises(ServerFailed) as failed:
        profiled("answering:nothing")
    assert "nothing" in failed.value.why
    assert "module:variable" in failed.value.hint


def test_an_app_that_exits_at_its_import_is_told_from_one_that_fails(profiled: Profiled) -> None:
    with pytest.raises(ServerFailed) as failed:
        profiled("exits:app")
    assert failed.value.why == "importing it ends the process, with exit code 3"
    assert "sys.exit()" in failed.value.hint


def test_an_app_that_needs_a_variable_is_told_which_one(profiled: Profiled) -> None:
    with pytest.raises(ServerFailed) as failed:
        profiled("needs_a_variable:app")
    assert failed.value.why == "KeyError: 'SHOP_DATABASE_URL'"
    assert "set the environment variable SHOP_DATABASE_URL" in failed.value.hint


def test_an_import_that_does_not_end_is_shown_where_it_stands(
    profiled: Profiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.measure.profile.start.START_SECONDS", 1.0)
    monkeypatch.setattr("advisor.measure.profile.start._LOOK_SECONDS", 0.5)
    with pytest.raises(ServerFailed) as failed:
        profiled("never_imports:app")
    assert failed.value.why == (
        "its import does not come to an end (never_imports.py, line 7, in wait_for_the_database)"
    )


def test_an_answer_500_is_an_error_with_the_apps_own_exception(profiled: Profiled) -> None:
    with pytest.raises(ServerFailed, match="GET / answers 500 Internal Server Error") as failed:
        profiled("fails:app")
    assert failed.value.why == "ValueError: no luck"


def test_answers_500_among_others_are_counted_and_said(profiled: Profiled) -> None:
    profile = profiled("fails:app", "/sometimes")
    (endpoint,) = profile.endpoints
    assert endpoint.statuses[500] == pytest.approx(endpoint.samples / 7, abs=2)
    assert f"answered 500 to {endpoint.statuses[500]:,} of {endpoint.samples:,}" in _said(profile, "answered 500")


def test_a_redirect_is_measured_and_said(profiled: Profiled) -> None:
    profile = profiled("redirects:app", "/", "/secure")
    assert [list(endpoint.statuses) for endpoint in profile.endpoints] == [[302], [302]]
    assert "only the redirect was measured" in _said(profile, "GET / answers 302 to /accounts/login/?next=/")
    assert "X-Forwarded-Proto" in _said(profile, "GET /secure answers 302 to https://127.0.0.1/")


def test_an_app_that_needs_a_login_says_how_to_send_one(profiled: Profiled) -> None:
    with pytest.raises(BadInput, match="GET / answers 401 Unauthorized") as failed:
        profiled("needs_a_login:app")
    assert "--header 'Authorization: ...'" in failed.value.hint


def test_a_login_that_is_sent_lets_the_app_be_measured(app_spec: Callable[[str], ServerSpec]) -> None:
    request = LoadRequest(headers=(("Authorization", "Basic c2hvcDpzaG9w"),))
    profile = profile_app(app_spec("needs_a_login:app"), (request,), wsgi=True, seconds=1.0, progress=lambda _: None)
    assert list(profile.endpoints[0].statuses) == [200]


def test_an_app_that_prints_much_is_measured_and_said(profiled: Profiled) -> None:
    assert "for each request" in _said(profiled("prints:app"), "the app prints 11.7 KiB")


def test_processes_that_the_app_starts_are_counted_and_end(profiled: Profiled) -> None:
    profile = profiled("forks:app")
    assert "each worker starts 1 process of its own" in _said(profile, "starts 1 process")


def test_a_leak_is_shown_and_bounded(profiled: Profiled) -> None:
    profile = profiled("leaks:app")
    growth = profile.memory.growth_bytes_per_1000_requests.value
    assert growth == pytest.approx(1000 * MIB, rel=0.1)
    assert profile.cost.memory.growth_bytes_per_1000_requests == growth
    assert profile.memory.growth_requests < 600  # of which 256 may grow by all that is allowed
    assert "max_requests" in _said(profile, "a worker grows by")


def test_threads_that_wait_for_each_other_are_told_apart_from_the_app_itself(
    profiled: Profiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.measure.profile.threads._PATIENCE_SECONDS", 0.5)
    profile = profiled("deadlocks:app")
    assert profile.endpoints[0].samples > 5
    assert profile.threads.value is None
    assert profile.handover_seconds.known  # measured before the app's own requests
    assert "deadlocks.py, line 1" in _said(profile, "threads do not work for this app")
    assert profile.memory.worker_class == "sync"
    assert profile.cost.memory.worker_bytes > MIB


def test_an_app_that_fails_in_threads_is_not_said_to_gain_from_them(profiled: Profiled) -> None:
    profile = profiled("fails_with_threads:app")
    assert profile.threads.value is None
    assert profile.threads_fail is not None
    assert "requests failed: RuntimeError: made in another thread" in profile.threads_fail
    assert profile.threads_fail in _said(profile, "threads do not work for this app")
    assert profile.memory.worker_class == "sync"


def test_a_request_that_takes_longer_than_the_time_for_measuring_is_measured_once(profiled: Profiled) -> None:
    profile = profiled("slow:app", "/?2.5")
    (endpoint,) = profile.endpoints
    assert endpoint.samples == 1
    assert endpoint.service_seconds == pytest.approx(2.5, abs=0.5)
    assert "2.5" in profile.threads.source
    assert "2.5" in profile.memory.preload_saves_bytes.source
    assert "one worker alone" in profile.memory.source
    assert "with 1 request only" in _said(profile, "was measured with")


@pytest.mark.slow
def test_a_request_of_30_seconds_is_measured_once_and_gunicorns_timeout_named(profiled: Profiled) -> None:
    profile = profiled("slow:app", "/?30", seconds=20.0, timeout_seconds=35.0)
    assert profile.endpoints[0].samples == 1
    assert "default timeout of 30 s" in _said(profile, "GET /?30 takes 30")


def test_a_request_that_is_never_answered_is_shown_where_it_waits(profiled: Profiled) -> None:
    with pytest.raises(ServerFailed, match=r"GET / is not answered within 0\.5 s") as failed:
        profiled("never_answers:app", timeout_seconds=0.5)
    assert failed.value.why == "the worker waits (never_answers.py, line 7, in ask_the_database)"


def test_a_request_that_computes_for_ever_is_told_from_one_that_waits(profiled: Profiled) -> None:
    with pytest.raises(ServerFailed) as failed:
        profiled("never_answers:app", "/computes", timeout_seconds=0.5)
    assert failed.value.why.startswith("the worker computes (never_answers.py, line 1")


def test_an_answer_without_an_end_is_not_waited_for(profiled: Profiled) -> None:
    with pytest.raises(ServerFailed, match="GET / has no end within 1 s") as failed:
        profiled("streams:app", timeout_seconds=1.0)
    assert "stream of events" in failed.value.why


def test_an_app_that_ends_its_process_is_said(profiled: Profiled) -> None:
    with pytest.raises(ServerFailed, match="GET / gets no whole answer") as failed:
        profiled("dies:app")
    assert "ended" in failed.value.why


def test_a_thread_that_computes_without_requests_is_said(profiled: Profiled) -> None:
    assert "without any request" in _said(profiled("never_rests:app"), "a worker computes")
