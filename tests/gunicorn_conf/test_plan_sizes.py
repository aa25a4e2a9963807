"""The table of App Service plan sizes."""

from __future__ import annotations

import datetime

import pytest

from gunicorn_conf.errors import BadInput
from gunicorn_conf.plan_sizes import plan_size, plan_sizes

GIB = 1024**3


@pytest.mark.parametrize("text", ["P1v3", "p1v3", "P1V3", " P1v3 "])
def test_a_name_is_found_however_it_is_cased(text: str) -> None:
    assert plan_size(text).name == "P1v3"


@pytest.mark.parametrize(
    ("name", "vcpus", "memory_gib", "verified"),
    [
        ("F1", None, 1, True),
        ("B1", 1, 1.75, False),
        ("P1v2", 1, 3.5, False),
        ("P0v3", 1, 4, True),
        ("P5mv3", 32, 256, True),
        ("P1V4", 2, 8, False),
        ("I6v2", 64, 256, False),
    ],
)
def test_a_size_has_its_figures(name: str, vcpus: float | None, memory_gib: float, verified: bool) -> None:
    size = plan_size(name)
    assert (size.vcpus, size.memory_bytes, size.verified) == (vcpus, memory_gib * GIB, verified)


def test_every_size_says_where_its_figures_come_from_and_when() -> None:
    sizes = plan_sizes()
    assert len(sizes) == 43
    for name, size in sizes.items():
        assert size.name == name
        assert size.source
        assert datetime.date.fromisoformat(size.date)
        assert size.memory_bytes >= GIB
        assert size.vcpus is None or size.vcpus >= 1


def test_an_unknown_name_is_bad_input_with_near_names() -> None:
    with pytest.raises(BadInput) as caught:
        plan_size("P1v33")
    assert "P1v3" in caught.value.hint
    assert "EP3" in caught.value.why


def test_a_name_like_no_other_is_bad_input_with_another_way() -> None:
    with pytest.raises(BadInput) as caught:
        plan_size("Gigantic")
    assert caught.value.hint == "give --cpus and --memory instead"
