"""An app that ``recommend`` measures, as the plan gets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.cli import recommend_app
from advisor.cli.recommend_app import AppToMeasure
from advisor.measure.profile.result import AppProfile
from advisor.workload.profile import Profile
from tests.advisor.profiles import app_profile, asgi_profile

WSGI = "def app(environ, start_response): return []\n"
ASGI = "async def app(scope, receive, send): pass\n"


def measured(source: str, shown: AppProfile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Profile:
    """What is made of a profile that nobody measured."""
    monkeypatch.chdir(tmp_path)
    Path("shop.py").write_text(source)
    monkeypatch.setattr(recommend_app, "profile_app", lambda *_, **__: shown)
    return AppToMeasure(target="shop:app", chdir=None, python=None, paths=())().profile


def test_what_was_measured_of_a_wsgi_app_is_what_a_prediction_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown = app_profile()
    profile = measured(WSGI, shown, monkeypatch, tmp_path)
    assert (profile.is_asgi, profile.cost) == (False, shown.cost)


def test_of_an_asgi_app_nothing_is_predicted_as_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown = asgi_profile()
    profile = measured(ASGI, shown, monkeypatch, tmp_path)
    assert (profile.is_asgi, profile.cost) == (True, None)
    assert profile.worker_memory_bytes.value == shown.cost.memory.worker_bytes
