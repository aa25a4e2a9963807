"""Reading gunicorn.conf.py: values, their places, and what counts as a setting, a name or a function."""

from __future__ import annotations

import pytest

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Source
from gunicorn_conf.read.conf_py import read_conf
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, Value, certain, possibilities


def _read(text: str, **environment: str) -> dict[str, Assigned]:
    return {one.name: one for one in read_conf("gunicorn.conf.py", text, environment=environment)[1]}


def _why(value: Value) -> str:
    assert isinstance(value, Unknown)
    return value.why


def test_a_value_stands_where_it_is_written() -> None:
    one = _read('\nworkers = 2 + 2  # ü\nproc_name = "ü"; bind = ":80"\n')
    assert one["workers"].value == Known(value=4)
    assert one["workers"].source is Source.FILE
    assert (one["workers"].text, str(one["workers"].place), one["workers"].place.end_column) == (
        "2 + 2",
        "gunicorn.conf.py:2:1",
        16,
    )
    assert (str(one["bind"].value_place), one["bind"].text) == ("gunicorn.conf.py:3:25", '":80"')
    assert one["workers"].replaceable


def test_columns_count_a_byte_order_mark() -> None:
    assert str(_read("\ufeffworkers = 4\n")["workers"].place) == "gunicorn.conf.py:1:2"


@pytest.mark.parametrize(
    "text",
    [
        "workers = 1\nworkers += 1\n",
        "workers = threads = 2\n",
        "for workers in (1, 2): pass\n",
        "globals()['workers'] = 2\n",
        "raw_env = []\nraw_env.append('A=1')\n",
    ],
)
def test_what_another_text_would_not_replace_is_said_so(text: str) -> None:
    assert not any(one.replaceable for one in _read(text).values())


def test_the_number_of_cpus_stays_a_function_of_the_host() -> None:
    value = _read("import multiprocessing\nworkers = multiprocessing.cpu_count() * 2 + 1\n")["workers"].value
    assert isinstance(value, PerHost)
    assert value.expression == "multiprocessing.cpu_count() * 2 + 1"
    assert [value.at(cpus) for cpus in (1, 2, 64)] == [3, 5, 129]


def test_a_condition_on_the_host_is_part_of_the_value() -> None:
    value = _read("import os\nif os.cpu_count() > 4:\n    workers = 8\nelse:\n    workers = 2\n")["workers"].value
    assert [list(possibilities(value, cpus)) for cpus in (4, 5)] == [[2], [8]]


def test_a_division_that_fails_on_some_machines_is_unknown() -> None:
    assert "fails" in _why(_read("import os\nworkers = 8 // (os.cpu_count() - 2)\n")["workers"].value)


def test_a_variable_that_is_not_given_leaves_the_default() -> None:
    text = "import os\nworkers = int(os.environ.get('W', '3'))\nthreads = int(os.environ['T'])\n"
    without = _read(text)
    assert certain(without["workers"].value) == (3,)
    assert without["workers"].variables == ("W",)
    assert _why(without["threads"].value) == "the variable T is not given"
    given = _read(text, W="5", T="6")
    assert (certain(given["workers"].value), certain(given["threads"].value)) == ((5,), (6,))
    assert given["workers"].variables == ()


def test_a_condition_on_a_variable_that_is_not_given_leaves_both_branches() -> None:
    text = "import os\nif os.environ.get('ENV', 'dev') == 'prod':\n    workers = 9\nelse:\n    workers = 1\n"
    one = _read(text)["workers"]
    assert one.value == OneOf(values=(Known(value=1), Known(value=9)))
    assert one.conditional
    assert certain(_read(text, ENV="prod")["workers"].value) == (9,)


def test_what_only_a_branch_sets_may_be_unset() -> None:
    one = _read("import os\nif os.getenv('DEBUG'):\n    reload = True\n")["reload"]
    assert one.conditional
    assert certain(one.value) is None
    assert list(possibilities(one.value)) == [True]


def test_what_a_branch_computes_of_the_variable_itself_is_left_out() -> None:
    text = "import os\nw = os.getenv('W')\nif w:\n    workers = int(w)\nelse:\n    workers = 4\n"
    assert certain(_read(text)["workers"].value) == (4,)


def test_a_branch_that_raises_is_not_taken() -> None:
    text = "import shop\nif shop.ready:\n    workers = 2\nelse:\n    raise RuntimeError\n"
    assert certain(_read(text)["workers"].value) == (2,)


def test_an_optional_package_leaves_both_possibilities() -> None:
    text = "try:\n    import gevent\n    worker_class = 'gevent'\nexcept ImportError:\n    worker_class = 'sync'\n"
    assert set(map(str, possibilities(_read(text)["worker_class"].value))) == {"gevent", "sync"}


def test_a_neighbouring_file_is_read_but_not_executed() -> None:
    files = {"base": "from other import *\nWORKERS = SIZE * 2\nport = 80\n", "other": "SIZE = 3\n_hidden = 1\n"}
    text = "from base import WORKERS\nimport base\nworkers = WORKERS\nbind = f':{base.port}'\n"
    conf, assigned = read_conf("gunicorn.conf.py", text, neighbour=files.get)
    assert {one.name: certain(one.value) for one in assigned} == {"workers": (6,), "bind": (":80",)}
    assert conf.incomplete is None


def test_a_star_import_of_what_was_not_read_leaves_the_file_incomplete() -> None:
    conf, _ = read_conf("gunicorn.conf.py", "from base import *\n")
    assert conf.incomplete == "line 1 takes every name of base, which was not read"


def test_modules_that_import_each_other_come_to_an_end() -> None:
    files = {"one": "from two import *\na = 1\n", "two": "from one import *\nworkers = 2\n"}
    _, assigned = read_conf("gunicorn.conf.py", "from one import *\n", neighbour=files.get)
    assert [certain(one.value) for one in assigned] == [(2,)]


def test_modules_functions_and_private_names_are_no_names() -> None:
    conf, _ = read_conf(
        "gunicorn.conf.py",
        "import os\nfrom os import cpu_count\nfrom shop import size\n_a = 1\nworker = 4\nclass A: pass\ndef f(): ...\n",
    )
    assert [(one.name, one.imported) for one in conf.names] == [("size", True), ("worker", False)]


def test_a_name_that_the_file_uses_is_a_helper() -> None:
    conf, _ = read_conf(
        "gunicorn.conf.py", "port = 1\nbind = f':{port}'\nworker = 4\nname = name2 = 1\nname = name + 1\n"
    )
    helpers = {one.name for one in conf.names if one.read_elsewhere}
    assert "port" in helpers
    assert not {"bind", "worker"} & helpers


def test_functions_come_with_their_arity_and_place() -> None:
    text = "def post_fork(server, worker, *rest): pass\nwhen_ready = lambda s, t=1: None\non_exit = post_fork\n"
    text += "from shop import child_exit\n@deco\ndef pre_fork(a): pass\n"
    conf, assigned = read_conf("gunicorn.conf.py", text)
    assert {one.name: (one.least, one.most) for one in conf.functions} == {
        "post_fork": (2, None),
        "when_ready": (1, 2),
        "on_exit": (2, None),
        "child_exit": (None, None),
        "pre_fork": (None, None),
    }
    assert {one.name for one in assigned} == {one.name for one in conf.functions}
    post_fork = conf.function("post_fork")
    assert post_fork is not None
    assert (str(post_fork.place), post_fork.place.end_column) == ("gunicorn.conf.py:1:5", 14)


def test_an_imported_class_is_its_path() -> None:
    one = _read("from uvicorn_worker import UvicornWorker as W\nworker_class = W\n")["worker_class"]
    assert certain(one.value) == ("uvicorn_worker.UvicornWorker",)


def test_a_deleted_name_sets_nothing() -> None:
    assert _read("workers = 4\ndel workers\n") == {}


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("workers = 1 / 0\n", "ZeroDivisionError"),
        ("workers = int('auto')\n", "ValueError"),
        ("workers = nproc\n", "NameError"),
        ("import sys\nsys.exit(1)\n", "SystemExit"),
        ("a, b = 1, 2, 3\n", "ValueError"),
    ],
)
def test_a_file_that_certainly_fails_says_how(text: str, failure: str) -> None:
    conf, _ = read_conf("gunicorn.conf.py", text + "threads = 2\n")
    assert conf.failure is not None
    assert conf.failure.startswith(failure)
    assert conf.failure_place is not None
    assert conf.name("threads") is not None


@pytest.mark.parametrize(
    "text",
    [
        "import os\nworkers = int(os.getenv('W'))\n",
        "from base import *\nworkers = SIZE\n",
        "import shop\nif shop.x:\n    workers = 1 / 0\n",
        "try:\n    workers = 1 / 0\nexcept ZeroDivisionError:\n    workers = 1\n",
        "exec('nproc = 4')\nworkers = nproc\n",
    ],
)
def test_what_may_well_load_is_not_said_to_fail(text: str) -> None:
    assert read_conf("gunicorn.conf.py", text)[0].failure is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("workers = (\n", "Python cannot parse it"),
        ("{% if a %}\nworkers = 2\n{% endif %}\n", "a template and not yet Python: line 1"),
        ("print 'x'\n", "Python 2"),
        ("workers\0 = 2\n", "null bytes"),
        ("# coding: klingon\nworkers = 2\n", "klingon"),
        ("x = '\udc80'\n", "not text"),
        ("x = " + "-" * 200_00 + "1\n", "nested"),
        ("x = " + "[" * 180 + "]" * 180 + "\n", "nested"),
        ("return 4\n", "'return' outside function"),
        ("#" * 300_000, "no more than 200,000 are read"),
    ],
)
def test_what_cannot_be_parsed_has_a_problem(text: str, problem: str) -> None:
    conf, assigned = read_conf("gunicorn.conf.py", text)
    assert conf.problem is not None
    assert problem in conf.problem
    assert (conf.text, conf.tree, assigned) == (text, None, ())
