"""Whatever value a setting is given, no rule raises, and what it says is one readable line."""

from __future__ import annotations

import pytest

from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.settings import settings
from gunicorn_conf.validate import validate

CONF = "gunicorn.conf.py"
LONGEST_CHARACTERS = 400
VALUES = [
    *("0", "-1", "10**50", "1.5", "1e400", "float('nan')", "None", "True", "b'x'", "object()", "lambda: 1"),
    *("''", "'a'", "'-'", "'~'", "'$A'", "'.'", "'.a'", "'#'", "'a.b'", "'a:b()'", "'<a>'", "',,'", "'*'", "'é' * 50"),
    *(
        "'x' * 5000",
        "'%(' * 1999",
        "'%(h'",
        "'\\n\\n'",
        "'\\x00'",
        "'egg:'",
        "'egg:gunicorn#'",
        "'::/0'",
        "'1.2.3.4/33'",
    ),
    *("[]", "{}", "set()", "(1, 'a')", "['a', 1]", "[None]", "{'a': 1}", "{1: 'a'}", "{**x}", "frozenset({'a'})"),
    "{'handlers': 3}",
    "{'loggers': [1], 'root': 5}",
    "{'handlers': {'a': []}, 'loggers': {'x': None}, 'formatters': {'f': None}}",
    "__import__('os').environ.get('A')",
    "'eventlet' if x else ['a']",
]


@pytest.mark.parametrize("value", VALUES)
def test_no_rule_raises(value: str) -> None:
    for text in [
        "".join(f"{name} = {value}\n" for name in settings()),
        *(f"{name} = {value}\n" for name in settings()),
    ]:
        for finding in validate([SourceFile(path=CONF, text=text)]).findings:
            message = finding.problem.message
            assert "\n" not in message
            assert len(message) < LONGEST_CHARACTERS, f"{finding.code}: {message}"
