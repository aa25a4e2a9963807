import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.units import (
    GIB,
    MIB,
    count,
    parse_bytes,
    parse_seconds,
    sentence,
    show_bytes,
    show_cpus,
    show_duration,
    show_number,
)
from gunicorn_conf.errors import BadInput


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512MiB", 512 * MIB),
        ("512M", 512 * MIB),
        ("512Mi", 512 * MIB),
        ("512m", 512 * MIB),
        ("512MB", 512_000_000),
        ("1.75GiB", 1792 * MIB),
        ("2G", 2 * GIB),
        (" 2 gib ", 2 * GIB),
        ("536870912", 512 * MIB),
    ],
)
def test_sizes_are_read_as_docker_and_kubernetes_write_them(text, size):
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1M", "lots", "512X", "1e9", "nan", "MiB", "1,5G", "0MiB"])
def test_what_is_not_a_size_is_an_error_that_shows_how_to_write_one(text):
    with pytest.raises(BadInput) as error:
        parse_bytes(text)
    assert error.value.hint


@pytest.mark.parametrize(("text", "seconds"), [("200ms", 0.2), ("0.2", 0.2), ("0.2s", 0.2), ("1.5 s", 1.5), ("2", 2.0)])
def test_durations_are_seconds_unless_they_say_ms(text, seconds):
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "ms", "fast", "1m"])
def test_what_is_not_a_positive_duration_is_an_error(text):
    with pytest.raises(BadInput):
        parse_seconds(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (800, "800 B"),
        (512 * 1024, "512 KiB"),
        (560 * MIB, "560 MiB"),
        (1792 * MIB, "1.75 GiB"),
        (8 * GIB, "8 GiB"),
        (100 * GIB, "100 GiB"),
        (2000 * GIB, "2,000 GiB"),
    ],
)
def test_sizes_are_shown_with_three_digits(size, text):
    assert show_bytes(size) == text


@given(st.integers(1, 2**45))
def test_a_shown_size_reads_back_within_half_a_percent(size):
    assert parse_bytes(show_bytes(size).replace(",", "")) == pytest.approx(size, rel=0.0051)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (2.0, "2"),
        (1234.25, "1,234.25"),
        (0.0, "0"),
        (0.005, "0.005"),
        (0.00123, "0.0012"),
        (-0.05, "-0.05"),
    ],
)
def test_numbers_are_shown_without_needless_zeros(value, text):
    assert show_number(value) == text


def test_a_count_has_its_noun():
    assert (count(1, "worker"), count(1290, "worker"), count(2, "box", "boxes")) == (
        "1 worker",
        "1,290 workers",
        "2 boxes",
    )


@pytest.mark.parametrize(("cpus", "text"), [(1.0, "1 CPU"), (0.5, "0.5 CPUs"), (64.0, "64 CPUs"), (0.02, "0.02 CPUs")])
def test_one_cpu_is_singular(cpus, text):
    assert show_cpus(cpus) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "200 ms"), (1.5, "1.5 s"), (0.00005, "0.05 ms"), (60.0, "60 s")])
def test_durations_are_shown_in_the_unit_that_people_use(seconds, text):
    assert show_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "shown"), [("it is so", "It is so."), ("Is it?", "Is it?"), ("80 slots.", "80 slots.")]
)
def test_a_sentence_has_a_capital_and_an_end(text, shown):
    assert sentence(text) == shown
