"""Puts what was read together: each command with its configuration file, release, requirements, app and deployment."""

from gunicorn_conf.assemble.circumstances import Circumstances
from gunicorn_conf.assemble.subjects import assemble

__all__ = ["Circumstances", "assemble"]
