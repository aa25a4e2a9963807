"""What Gunicorn, Python and its fault handler print, read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.measure.profile.log_reading import last_exception, missing_variable, where_threads_were

TRACEBACK = """[2026-01-01 10:00:00 +0000] [7] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/gunicorn/arbiter.py", line 608, in spawn_worker
    worker.init_process()
  File "/srv/shop/app.py", line 3, in <module>
    raise shop.errors.NotReady("the stock is empty")
shop.errors.NotReady: the stock is empty
[2026-01-01 10:00:00 +0000] [7] [INFO] Worker exiting (pid: 7)
"""

VARIABLE = """Traceback (most recent call last):
  File "/srv/shop/app.py", line 3, in <module>
    URL = os.environ["DATABASE_URL"]
  File "{os}", line 679, in __getitem__
KeyError: 'DATABASE_URL'
"""

DUMP = """[2026-01-01 10:00:00 +0000] [7] [INFO] Booting worker with pid: 8
Fatal Python error: Illegal instruction

Thread 0x00007f01 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 320 in wait
  File "/usr/lib/python3.11/concurrent/futures/thread.py", line 81 in _worker

Thread 0x00007f02 (most recent call first):
  File "/usr/lib/python3.11/socket.py", line 706 in readinto
  File "/srv/shop/bank/client.py", line 12 in charge
  File "/srv/shop/app.py", line 40 in pay
  File "/venv/lib/python3.11/site-packages/gunicorn/workers/gthread.py", line 280 in handle_request

Current thread 0x00007f03 (most recent call first):
  File "/venv/lib/python3.11/site-packages/redis/connection.py", line 400 in read_response
  File "/venv/lib/python3.11/site-packages/gunicorn/workers/sync.py", line 179 in handle_request
"""


def test_the_exception_that_ends_a_traceback_is_found() -> None:
    assert last_exception(TRACEBACK) == "shop.errors.NotReady: the stock is empty"


def test_of_several_tracebacks_the_last_counts() -> None:
    assert last_exception(TRACEBACK + VARIABLE.format(os="<frozen os>")) == "KeyError: 'DATABASE_URL'"


@pytest.mark.parametrize("log", ["", "Listening at: http://127.0.0.1:8000 (7)\n", "Error: this is what the app says\n"])
def test_a_log_without_a_traceback_names_no_exception(log: str) -> None:
    assert last_exception(log) is None


def test_an_app_that_gunicorn_does_not_find_is_named_in_its_words() -> None:
    assert last_exception("Failed to find attribute 'application' in 'shop'.\n") == (
        "Failed to find attribute 'application' in 'shop'."
    )


@pytest.mark.parametrize("os", ["<frozen os>", "/usr/lib/python3.9/os.py"])
def test_a_missing_variable_is_told(os: str) -> None:
    assert missing_variable(VARIABLE.format(os=os)) == "DATABASE_URL"


def test_a_key_that_is_missing_elsewhere_is_no_variable() -> None:
    assert missing_variable(VARIABLE.format(os="/srv/shop/prices.py")) is None


def test_each_thread_is_shown_where_the_app_left_its_own_code() -> None:
    assert where_threads_were(DUMP, Path("/srv/shop")) == [
        "bank/client.py, line 12, in charge",
        "redis/connection.py, line 400, in read_response",
    ]


def test_threads_that_wait_for_work_are_left_out() -> None:
    assert where_threads_were(DUMP, Path("/elsewhere")) == ["redis/connection.py, line 400, in read_response"]
