"""A name is taken for a setting when it differs by a slip of the hand, and not when it is another word."""

from __future__ import annotations

import pytest

from gunicorn_conf.rules.spelling import ALIASES, AMBIGUOUS, HOOK_ALIASES, near_hook, near_setting
from gunicorn_conf.settings import settings


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("worker", "workers"),
        ("workres", "workers"),
        ("timout", "timeout"),
        ("keep_alive", "keepalive"),
        ("bnid", "bind"),
        ("deamon", "daemon"),
        ("worker_temp_dir", "worker_tmp_dir"),
        ("max_reqeusts", "max_requests"),
        ("access_logfile", "accesslog"),
        ("preload", "preload_app"),
        ("num_workers", "workers"),
        ("statsd_port", None),
        ("kind", None),
        ("conf", None),
        ("port", None),
        ("max_workers", None),
        ("workers_per_core", None),
        ("web_concurrency", None),
        ("log_dir", None),
        ("version", None),
        ("upload", None),
        ("", None),
    ],
)
def test_a_setting(written: str, meant: str | None) -> None:
    assert near_setting(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("on_start", "on_starting"), ("post_forks", "post_fork"), ("get_workers", None), ("main", None), ("setup", None)],
)
def test_a_hook(written: str, meant: str | None) -> None:
    assert near_hook(written) == meant


@pytest.mark.parametrize("alias", [*ALIASES, *HOOK_ALIASES])
def test_an_alias_stands_for_a_setting_and_is_none(alias: str) -> None:
    assert {**ALIASES, **HOOK_ALIASES}[alias] in settings()
    assert alias not in settings()


def test_what_is_called_ambiguous_is_near_a_setting() -> None:
    assert all(near_setting(name) for name in AMBIGUOUS)
