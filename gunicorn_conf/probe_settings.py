"""Prints, as JSON, every setting and worker class of the Gunicorn that this interpreter imports; run as a script.

It stands alone (it imports nothing of gcadvise), so that any interpreter can run it::

    env -i HOME=/nonexistent python -I probe_settings.py [DIRECTORY_WITH_GUNICORN]

What depends on the machine or on who asks is replaced by something neutral: functions by null, the user and group by
null, the working directory by ".", the home directory by "~".
"""

from __future__ import annotations

import json
import os
import sys

# Validator (its name in gunicorn/config.py of any release) -> the type of value that it accepts. The others hold a
# choice of words, which is a string.
_TYPES = {
    "validate_bool": "bool",
    "validate_pos_int": "int",
    "validate_http2_stream_limit": "int",
    "validate_http2_window_size": "int",
    "validate_http2_frame_size": "int",
    "validate_list_string": "list",
    "validate_list_of_existing_files": "list",
    "validate_list_of_files_or_patterns": "list",
    "validate_string_to_list": "list",
    "validate_string_to_addr_list": "list",
    "validate_dict": "dict",
    "validate_class": "class",
    "validate_user": "user",
    "validate_group": "user",
    "validate_post_request": "hook",
    "_validate_callable": "hook",
}


def settings() -> dict[str, dict[str, object]]:
    """Name -> section, flags, type and default of every setting, as this Gunicorn has them."""
    from gunicorn.config import KNOWN_SETTINGS  # type: ignore[import-untyped]

    found: dict[str, dict[str, object]] = {}
    for setting in KNOWN_SETTINGS:
        made = setting()  # only an instance shows the validator as a plain function
        kind = _TYPES.get(getattr(made.validator, "__name__", ""), "str")
        found[made.name] = {
            "section": made.section,
            "flags": list(made.cli or ()),
            "type": kind,
            "default": _neutral(setting.default, kind),
        }
    return found


def worker_classes() -> list[str]:
    """The names that worker_class knows without a path to a class."""
    from gunicorn.workers import SUPPORTED_WORKERS  # type: ignore[import-untyped]

    return sorted(SUPPORTED_WORKERS)


def _neutral(default: object, kind: str) -> object:
    if callable(default) or kind == "user":
        return None
    home = os.path.expanduser("~")  # noqa: PTH111 - as Gunicorn does it
    if isinstance(default, str) and default == os.getcwd():  # noqa: PTH109 - as Gunicorn does it
        return "."
    if isinstance(default, str) and default.startswith(home + os.sep):
        return "~" + default[len(home) :]
    return default


if __name__ == "__main__":
    sys.path[:0] = sys.argv[1:]
    json.dump({"settings": settings(), "worker_classes": worker_classes()}, sys.stdout)
