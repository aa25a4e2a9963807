"""Load goes to this machine, or to a host that is named twice."""

from __future__ import annotations

import pytest

from advisor.load.target import check_allowed, is_loopback
from gunicorn_conf.errors import BadInput


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://127.8.9.1/x", "http://localhost/", "https://[::1]:8443/x?y=1"]
)
def test_this_machine_is_allowed(url: str) -> None:
    assert is_loopback(url)
    check_allowed(url, None)


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "http://localhost.example/", "http://127.0.0.1.example/", "http://[::2]/", "http://0.0.0.0/"],
)
def test_another_machine_is_not(url: str) -> None:
    assert not is_loopback(url)
    with pytest.raises(BadInput, match="is not this machine"):
        check_allowed(url, None)


def test_another_machine_is_allowed_when_it_is_named_exactly() -> None:
    check_allowed("http://staging.example/x", "staging.example")
    check_allowed("http://Staging.example/x", "Staging.Example")
    with pytest.raises(BadInput):
        check_allowed("http://staging.example/x", "example")


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8000", "ftp://127.0.0.1/", "http://", "http://[::1", "http://127.0.0.1:99999", ""]
)
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="is not the address of a server"):
        check_allowed(url, None)


@pytest.mark.parametrize(
    "url", ["http://ann:secret@127.0.0.1:8000/", "http://localhost@staging.example/", "http://@[::1]"]
)
def test_a_user_name_is_refused_and_no_password_is_shown(url: str) -> None:
    with pytest.raises(BadInput, match="has a user name in it") as caught:
        check_allowed(url, "staging.example")
    assert "secret" not in f"{caught.value} {caught.value.why} {caught.value.hint}"
