from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import tomli

from gunicorn_conf import platforms
from gunicorn_conf.errors import BadInput
from gunicorn_conf.make_platforms_page import PAGE, page
from gunicorn_conf.platforms import PLATFORM_NAMES, Figure, Platform, platform

EVERY = [platform(name) for name in PLATFORM_NAMES]
TOML = Path(platforms.__file__).with_name("platforms.toml")


def figures(about: Platform) -> list[Figure]:
    found = (about.request_timeout_seconds, about.stop_window_seconds, about.idle_timeout_seconds)
    return [figure for figure in found if figure is not None]


def test_the_names_are_those_of_the_file() -> None:
    assert list(tomli.loads(TOML.read_text(encoding="utf-8"))) == list(PLATFORM_NAMES)


def test_a_misspelt_key_in_the_file_is_noticed() -> None:
    known = set(Platform.__dataclass_fields__) - {"name"}
    for name, table in tomli.loads(TOML.read_text(encoding="utf-8")).items():
        assert set(table) <= known, name


def test_the_published_limits_of_app_service() -> None:
    app_service = platform("app-service")
    assert app_service.title == "Azure App Service"
    assert app_service.default_port == 8000
    assert app_service.request_timeout_seconds is not None
    assert app_service.request_timeout_seconds.value == 230
    assert app_service.stop_window_seconds is not None
    assert (app_service.stop_window_seconds.value, app_service.stop_window_seconds.verified) == (5, False)
    assert app_service.idle_timeout_seconds is None


@pytest.mark.parametrize("about", EVERY, ids=PLATFORM_NAMES)
def test_every_figure_has_a_source_and_a_date(about: Platform) -> None:
    for figure in figures(about):
        assert figure.value > 0
        assert figure.unit == "seconds"
        assert len(figure.source) > 10
        datetime.date.fromisoformat(figure.date)


@pytest.mark.parametrize("about", EVERY, ids=PLATFORM_NAMES)
def test_a_container_listens_for_the_outside_and_a_machine_for_its_proxy(about: Platform) -> None:
    assert about.bind_host == ("0.0.0.0" if about.container else "127.0.0.1")


@pytest.mark.parametrize("name", ["Heroku", "app_service", "Cloud Run", "kubernetis"])
def test_an_unknown_name_gets_the_nearest_as_a_hint(name: str) -> None:
    with pytest.raises(BadInput, match=name) as raised:
        platform(name)
    assert raised.value.hint.startswith("did you mean '")


def test_a_name_like_no_other_gets_the_list() -> None:
    with pytest.raises(BadInput) as raised:
        platform("zzz")
    assert all(name in raised.value.why for name in PLATFORM_NAMES)


def test_the_page_in_docs_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m gunicorn_conf.make_platforms_page"


def test_the_page_says_which_figures_are_not_verified() -> None:
    unverified = sum(not figure.verified for about in EVERY for figure in figures(about))
    assert page().count(", not verified |") == unverified > 0
