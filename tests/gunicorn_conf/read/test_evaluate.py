"""Expressions and statements: static evaluation gives what Python gives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gunicorn_conf.read.conf_py import read_conf
from gunicorn_conf.value import Known, Unknown, Value


def _value(text: str, name: str = "bind") -> Value:
    found = read_conf("gunicorn.conf.py", text)[0].name(name)
    assert found is not None
    return found.value


@pytest.mark.parametrize(
    "expression",
    [
        "-2 ** 4 // 3 % 5",
        "1 if 2 > 1 else 0",
        "1 < 2 < 3",
        "not []",
        "'a' in 'cab' and 'x' not in [1]",
        "None is None",
        "f'{3:>4}|{2.5!r}|{\"x\"}'",
        "'%s:%d' % ('h', 80)",
        "'{}:{port}'.format('h', port=80)",
        "' A,b '.strip().lower().split(',')",
        "','.join(sorted({'b', 'a'}))",
        "[*range(3), *(4, 5)]",
        "{**{'a': 1}, 'b': 2}",
        "{k: v for k, v in zip('ab', (1, 2))}",
        "[x * y for x in (1, 2) for y in (3, 4) if x != y - 2]",
        "max(3, min(5, 9), key=None)",
        "round(2.567, 1)",
        "list(map(int, '1 2'.split()))",
        "sum(i for i in range(5))",
        "(lambda a, *b, c=1: [a, b, c])(1, 2, 3)",
        "isinstance(3, (int, str))",
        "'abc'[::-1]",
        "dict(a=1).get('b', 2)",
        "__import__('os').sep if False else 1",
        "divmod(7, 2)",
        "any([0, 1]) or all([])",
        "[i for i, x in enumerate('ab', 1)]",
    ],
)
def test_an_expression_gives_what_python_gives(expression: str) -> None:
    assert _value(f"bind = {expression}\n") == Known(value=eval(expression))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a = b = []\nb.append(1)\nbind = a", [1]),
        ("a, *b = 1, 2, 3\nbind = b", [2, 3]),
        ("bind = 0\nfor i in range(9):\n    if i == 2: continue\n    if i > 4: break\n    bind += i", 8),
        ("def f(n): return 1 if n < 2 else n * f(n - 1)\nbind = f(5)", 120),
        ("x = 1\ndef f():\n    global x\n    x = 2\nf()\nbind = x", 2),
        ("def f(a):\n    def g(): return a + 1\n    return g()\nbind = f(1)", 2),
        ("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    bind = 1\nelse:\n    bind = 2\nfinally:\n    y = 3", 1),
        ("from contextlib import suppress\nbind = 1\nwith suppress(KeyError):\n    {}['a']\n    bind = 2", 1),
        ("match 2:\n    case 1: bind = 1\n    case 2 | 3: bind = 2\n    case _: bind = 3", 2),
        ("bind = [1]\nbind += (2,)\nbind *= 2", [1, 2, 1, 2]),
        ("d = {'a': {'b': []}}\nd['a']['b'].append(1)\nbind = d", {"a": {"b": [1]}}),
        ("import sys\nsetattr(sys.modules[__name__], 'bind', 4)", 4),
        ("import logging, ssl\nbind = (logging.INFO, ssl.CERT_REQUIRED)", (20, 2)),
        ("import os.path as p\nbind = p.join(p.dirname('/a/b'), 'c')", "/a/c"),
        ("class A:\n    x = 2\n    y = x + 1\nbind = A.y", 3),
        ("n = 1\nwhile n < 50: n *= 3\nbind = n", 81),
    ],
)
def test_statements_give_what_python_gives(body: str, expected: object) -> None:
    assert _value(body + "\n") == Known(value=expected)


@pytest.mark.parametrize(
    "body",
    [
        "import shop\nbind = []\nshop.fill(bind)",
        "import shop\nbind = []\nbind.append(shop.x)",
        "import shop\na = []\nbind = {'a': a}\na.append(shop.x)",
        "import shop\nbind = 1\nwhile shop.more():\n    bind = 2",
        "import random\nbind = [1, 2]\nrandom.shuffle(bind)",
        "bind = open('x').read()",
        "bind = eval('1')",
        "def f():\n    yield 1\nbind = f()",
    ],
)
def test_what_needs_executing_is_unknown(body: str) -> None:
    assert isinstance(_value(body + "\n"), Unknown)


@pytest.mark.parametrize(
    "body",
    [
        "bind = 9 ** 9 ** 9",
        "bind = 1 << 10 ** 9",
        "bind = 'a' * 10 ** 9",
        "bind = list(range(10 ** 12))",
        "bind = '%999999999d' % 1",
        "bind = '%*d' % (10 ** 9, 1)",
        "bind = f'{1:>99999999}'",
        "bind = '{:{}}'.format(1, 10 ** 9)",
        "bind = 'a'.ljust(10 ** 9)",
        "bind = ('a' * 60000).replace('a', 'b' * 60000)",
        "bind = 'a'.join(['b' * 60000] * 4000)",
        "bind = round(1, -10 ** 9)",
        "bind = [1]\n" + "bind = bind + bind\n" * 60,
        "bind = [1]\n" + "bind = [bind, bind]\n" * 60,
        "import os\nbind = os.cpu_count()\n" + "bind = bind * bind\n" * 60,
        "bind = []\nbind.append(bind)\nbind = str(bind)",
        "bind = 0\nwhile True:\n    bind += 1",
        "def f(n): return f(n + 1) + f(n + 2)\nbind = f(1)",
        "bind = [j for i in range(4000) for j in range(4000)]",
    ],
)
def test_what_grows_without_bound_is_unknown(body: str) -> None:
    _, assigned = read_conf("gunicorn.conf.py", body + "\nworkers = 4\n")
    found = {one.name: one.value for one in assigned}
    assert isinstance(found["bind"], Unknown)
    assert found["workers"] == Known(value=4)


def test_a_file_that_fills_memory_is_given_up() -> None:
    value = _value("bind = []\nfor i in range(4000):\n    bind.append('a' * 60000)\n")
    assert value == Unknown(why="evaluating it takes too many steps, at line 2")


def test_nothing_is_executed(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    module = tmp_path / "left.py"
    module.write_text(f"open({str(trace)!r}, 'w')\n")
    texts = [
        f"open({str(trace)!r}, 'w').write('x')",
        f"import os\nos.system('touch {trace}')",
        f"import subprocess\nsubprocess.run(['touch', {str(trace)!r}])",
        f"from pathlib import Path\nPath({str(trace)!r}).touch()",
        f"__import__('os').system('touch {trace}')",
        f"eval(\"open({str(trace)!r}, 'w')\")\nexec(\"open({str(trace)!r}, 'w')\")",
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport left\nfrom left import *",
        f"getattr(__builtins__, 'open')({str(trace)!r}, 'w')",
        f"().__class__.__base__.__subclasses__()[0]\n'{{0.__class__}}'.format(open({str(trace)!r}, 'w'))",
        "import os\nos.environ['LEFT_BY_A_FILE'] = '1'",
        f"def f(path=open({str(trace)!r}, 'w')): pass",
        f"class A(open({str(trace)!r}, 'w').__class__): x = open({str(trace)!r}, 'w')",
    ]
    for text in texts:
        read_conf(
            "gunicorn.conf.py", text + "\n", neighbour=lambda name: module.read_text() if name == "left" else None
        )
    assert not trace.exists()
    assert "LEFT_BY_A_FILE" not in os.environ
