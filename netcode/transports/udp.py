"""Datagrams over UDP: a socket that is drained, a bounded number at a time, whenever it can be read."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from netcode.errors import AddressRefused
from netcode.limits import DEFAULT
from netcode.transports.addresses import Address, require_loopback

DRAIN_COUNT_MAX = 64
"""Datagrams taken at one wake: others wait for the next turn of the loop, so a flood stops no tick."""

_RECEIVE_SIZE = DEFAULT.datagram_size_max + 1
_BUFFER_SIZE = 1 << 20


class UdpSocket:
    """One bound UDP socket on the running event loop.

    `asyncio.DatagramProtocol` costs ten times as much a packet: it takes one datagram a wake into a buffer of
    256 KiB. Loops without `add_reader` (the proactor loop of Windows) cannot run this.

    Parameters
    ----------
    handle_datagram : callable
        Gets the bytes and the source address of each datagram; it must not raise.

    Attributes
    ----------
    address : (host, port)
        Where it is bound.
    dropped_count : int
        Datagrams that the system did not take.
    """

    def __init__(self, handle_datagram: Callable[[bytes, Address], object]) -> None:
        self.dropped_count = 0
        self._handle_datagram = handle_datagram
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, host: str = "127.0.0.1", port: int = 0) -> Address:
        """Bind and start to receive; return the address.

        Raises
        ------
        AddressRefused
            The host is not a loopback address, or the port is taken.
        """
        assert self._socket is None, "opened twice"
        host = require_loopback(host)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_SIZE)
            opened.bind((host, port))
        except (OSError, OverflowError) as error:
            opened.close()
            raise AddressRefused(f"cannot bind UDP {host}:{port}: {error}") from None
        self._socket = opened
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(opened.fileno(), self._drain)
        return self.address

    @property
    def address(self) -> Address:
        """Where it is bound."""
        assert self._socket is not None, "not open"
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    def send(self, data: bytes, address: Address) -> None:
        """Send a datagram, or drop and count it when the system does not take it at once."""
        if self._socket is None:
            self.dropped_count += 1
            return
        try:
            self._socket.sendto(data, address)
        except OSError:
            self.dropped_count += 1

    def close(self) -> None:
        """Stop receiving and release the port; closing twice is allowed."""
        if self._socket is not None:
            assert self._loop is not None
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _drain(self) -> None:
        for _ in range(DRAIN_COUNT_MAX):
            if self._socket is None:
                return
            try:
                data, source = self._socket.recvfrom(_RECEIVE_SIZE)
            except BlockingIOError:
                return
            except OSError:
                # An earlier datagram found no receiver: some systems report it here, and it concerns nobody.
                continue
            self._handle_datagram(data, (source[0], source[1]))
