"""Chooses the worker class that serves an ASGI app, from what is installed in the app's own Python."""

from __future__ import annotations

from advisor.facts import Origin
from advisor.host.interpreter import find_python
from advisor.host.overrides import given_python
from advisor.host.system import System
from advisor.measure.profile.ask_app import has_module
from gunicorn_conf.errors import BadInput
from gunicorn_conf.read.oryx import UVICORN_WORKER
from gunicorn_conf.release import Release
from gunicorn_conf.settings import worker_classes

_OWN_CLASS = "asgi"


def asgi_worker_class(python: str) -> str:
    """uvicorn's where it is installed, as ``gcadvise startup`` configures it; else Gunicorn's own (24 and later).

    Raises BadInput, with what to install, where that Python has neither.
    """
    if has_module(python, UVICORN_WORKER.partition(".")[0]):
        return UVICORN_WORKER
    release = find_python(System(), given_python(python, Origin.FLAG))[1].value
    if release is not None and _OWN_CLASS in worker_classes(Release.parse(release)):
        return _OWN_CLASS
    has = "no Gunicorn either" if release is None else f"Gunicorn {release}, whose own class for them came with 24.0"
    raise BadInput(
        "the app is ASGI, and nothing in its Python serves it",
        why=f"{python} has no uvicorn-worker, and {has}",
        hint=f"install it there: {python} -m pip install uvicorn-worker",
    )
