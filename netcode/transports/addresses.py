"""Addresses as text, and the rule that nothing leaves this machine unsealed."""

from __future__ import annotations

import ipaddress

from netcode.errors import AddressRefused

Address = tuple[str, int]


def parse_address(text: str) -> Address:
    """Return host and port of ``host:port`` (``[host]:port`` for IPv6), the host as a numeric loopback
    address.

    Raises
    ------
    AddressRefused
        It is no address, or not one of this machine alone.
    """
    host, colon, port_text = text.rpartition(":")
    if not colon or not (port_text.isascii() and port_text.isdigit()) or int(port_text) > 65535:
        raise AddressRefused(f"address {text!r} is not HOST:PORT with a port of 0 to 65535")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return require_loopback(host), int(port_text)


def format_address(address: Address) -> str:
    """Return ``host:port``, IPv6 hosts in brackets."""
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def require_loopback(host: str) -> str:
    """Return `host` as a numeric loopback address; ``localhost`` is 127.0.0.1.

    Raises
    ------
    AddressRefused
        It is another address, or a name: links are not sealed yet, so they must not leave this machine.
    """
    if host == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise AddressRefused(
            f"host {host!r} is not a numeric address; allowed are 127.0.0.0/8, ::1, localhost"
        ) from None
    if not address.is_loopback:
        raise AddressRefused(
            f"host {host} is not on this machine; links are not sealed, so they stay on it: "
            "allowed are 127.0.0.0/8, ::1, localhost"
        )
    return str(address)
