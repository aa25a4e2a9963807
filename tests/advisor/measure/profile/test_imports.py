"""Importing an app in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from advisor.measure.profile.imports import import_app, read_import
from advisor.measure.server_spec import SAMPLE_APP, ServerSpec

OUTPUT = """import time: self [us] | cumulative | imported package
import time:       900 |        900 | encodings
import time:       100 |        100 | faulthandler
gcadvise: the import begins
import time:      1000 |       1000 |   shop.prices
the app says hello
import time:      4000 |       4000 |   pandas.core
import time:      2000 |       6000 | pandas
import time:       500 |       7500 | shop

gcadvise: imported in 0.008123 s, 4 modules
"""


def test_packages_are_in_the_order_of_what_their_own_modules_took() -> None:
    run = read_import(OUTPUT, 93)
    assert run.imports is not None
    assert (run.imports.seconds, run.imports.modules) == (0.008123, 4)
    assert [(each.package, each.seconds, each.modules) for each in run.imports.dearest] == [
        ("pandas", 0.006, 2),
        ("shop", 0.0015, 2),
    ]
    assert run.output == "the app says hello"


def test_what_starts_the_interpreter_is_not_counted() -> None:
    run = read_import(OUTPUT, 93)
    assert run.imports is not None
    assert "encodings" not in {each.package for each in run.imports.dearest}


def test_an_end_that_the_app_brought_about_is_no_import() -> None:
    assert read_import(OUTPUT.partition("gcadvise: imported")[0], 0).imports is None


def test_a_real_app_is_imported_from_its_directory(app_spec: Callable[[str], ServerSpec]) -> None:
    run = import_app(app_spec("answering:app"), "answering:app")
    assert run is not None
    assert run.imports is not None
    assert "answering" in {each.package for each in run.imports.dearest}


def test_the_sample_app_is_found_where_it_is_installed(environment: dict[str, str]) -> None:
    run = import_app(ServerSpec(environment=environment), SAMPLE_APP)
    assert run is not None
    assert run.imports is not None


def test_what_an_import_starts_ends_with_it(
    app_spec: Callable[[str], ServerSpec], left_behind: Callable[[], list[str]]
) -> None:
    run = import_app(app_spec("forks:app"), "forks:app")
    assert run is not None
    assert run.imports is not None
    assert left_behind() == []


def test_an_import_that_does_not_end_is_ended(
    app_spec: Callable[[str], ServerSpec], left_behind: Callable[[], list[str]]
) -> None:
    run = import_app(app_spec("never_imports:app"), "never_imports:app", seconds=0.2)
    assert run is not None
    assert run.timed_out
    assert "wait_for_the_database" in run.output
    assert left_behind() == []


def test_a_python_that_is_not_there_imports_nothing(app_spec: Callable[[str], ServerSpec]) -> None:
    assert import_app(replace(app_spec("answering:app"), python="/no/such/python"), "answering:app") is None
