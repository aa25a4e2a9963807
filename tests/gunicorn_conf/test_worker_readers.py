"""The table of who reads a setting agrees with the catalogue and with the rules."""

from __future__ import annotations

import pytest

from gunicorn_conf.assemble import Circumstances
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.release import NEWEST_KNOWN, Release
from gunicorn_conf.settings import settings, worker_classes
from gunicorn_conf.validate import validate
from gunicorn_conf.worker_readers import READERS

KNOWN = worker_classes(NEWEST_KNOWN) | worker_classes(Release(20, 1, 0)) | {"uvicorn_worker.UvicornWorker"}


@pytest.mark.parametrize("name", READERS)
def test_it_names_settings_and_classes_that_exist(name: str) -> None:
    assert name in settings()
    assert set(READERS[name].classes) <= KNOWN
    assert READERS[name].source


@pytest.mark.parametrize(
    ("setting", "code"), [("threads = 8", "GC202"), ("worker_connections = 50", "GC205"), ("keepalive = 5", "GC301")]
)
@pytest.mark.parametrize("worker", sorted(worker_classes(NEWEST_KNOWN)))
def test_a_rule_says_that_a_setting_is_ignored_where_the_class_is_not_in_the_table(
    setting: str, code: str, worker: str
) -> None:
    text = f"worker_class = {worker!r}\n{setting}\n"
    result = validate([SourceFile(path="gunicorn.conf.py", text=text)], Circumstances())
    ignored = any(finding.code == code for finding in result.findings)
    # With threads, sync is gthread.
    reads = worker in READERS[setting.partition(" ")[0]].classes or (code == "GC202" and worker == "sync")
    assert ignored != reads
