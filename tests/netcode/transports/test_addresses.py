"""Only loopback addresses are usable until links are sealed; every other is named in the error."""

from __future__ import annotations

import pytest

from netcode.errors import AddressRefused, LocalError
from netcode.transports.addresses import format_address, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:4000", ("127.0.0.1", 4000)),
        ("127.3.2.1:0", ("127.3.2.1", 0)),
        ("localhost:65535", ("127.0.0.1", 65535)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_loopback_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address
    assert parse_address(format_address(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        *(
            "0.0.0.0:1",
            "192.168.1.5:4000",
            "8.8.8.8:1",
            "[::]:1",
            "[fe80::1]:5",
            "example.org:80",
            "::1:x",
            ":80",
        ),
        *("", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:²"),
    ],
)
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        parse_address(text)
    assert isinstance(caught.value, LocalError)
    assert "127.0.0.0/8" in str(caught.value) or "HOST:PORT" in str(caught.value)
