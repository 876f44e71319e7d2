"""Two endpoints exchange numbered updates over real sockets of this machine, with the network code alone.

Run it: ``python examples/two_endpoints.py``. Each side opens a UDP socket; they agree on a link over TCP;
then each emits an update every sixtieth of a second until the other has all of them.
"""

from __future__ import annotations

import asyncio
import secrets
import time

from netcode import Emitter, Endpoint, UpdateReceived
from netcode.protocol.handshake import Acceptor, Introduction
from netcode.transports.addresses import format_address, parse_address
from netcode.transports.tcp import FramedServer, FramedStream, connect, initiate, respond
from netcode.transports.udp import UdpSocket

TERMS = {"game": "two endpoints", "rules": 1}
LINK = 0
TICK_SECONDS = 1 / 60


class Player:
    """One side: an endpoint, its socket, and what it has received."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.endpoint = Endpoint(Emitter(core_id=secrets.randbits(64), stamp=1))
        self.connection_id = secrets.randbits(32)
        self.received: list[bytes] = []
        self.socket = UdpSocket(lambda data, source: self.endpoint.handle_datagram(data, now_us()))
        self.socket.open()
        self.peer_address = ("", 0)

    def introduction(self) -> Introduction:
        """Return what this side says of itself."""
        return Introduction(
            emitter=self.endpoint.local,
            connection_id=self.connection_id,
            address=format_address(self.socket.address),
            terms=TERMS,
            name=self.name,
        )

    def link_to(self, peer: Introduction) -> None:
        """Open this side of the link."""
        self.peer_address = parse_address(peer.address)
        self.endpoint.add_link(
            LINK,
            peer.emitter,
            local_connection_id=self.connection_id,
            remote_connection_id=peer.connection_id,
            now_us=now_us(),
            next_number=0,
        )

    def tick(self) -> None:
        """Send what is due and take what has come."""
        self.endpoint.flush(now_us())
        for _, datagram in self.endpoint.poll_datagrams():
            self.socket.send(datagram, self.peer_address)
        for event in self.endpoint.poll_events():
            if isinstance(event, UpdateReceived):
                self.received.append(event.payload)


def now_us() -> int:
    """Return the time of a clock that never goes back."""
    return time.monotonic_ns() // 1000


async def meet(host: Player, guest: Player) -> None:
    """Agree on a link over TCP; raises the error that names the term that differs, if one does."""
    met = asyncio.Event()

    async def handle_stream(stream: FramedStream, known: object) -> None:
        acceptor = Acceptor(host.endpoint.local, TERMS, now_us())
        peer = await respond(stream, acceptor, lambda hello: host.introduction())
        if peer is not None:
            host.link_to(peer)
            met.set()

    server = FramedServer(handle_stream)
    stream = await connect(await server.open())
    guest.link_to(await initiate(stream, guest.introduction()))
    await met.wait()
    await stream.close()
    await server.close()


async def main(count: int = 120) -> tuple[Player, Player]:
    """Let two players exchange `count` updates each and print what it took."""
    players = Player("host"), Player("guest")
    try:
        await meet(*players)
        emitted = 0
        while any(len(player.received) < count for player in players):
            for player in players:
                if emitted < count:
                    player.endpoint.emit(f"{player.name} {emitted // 10}".encode())
                player.tick()
            emitted += 1
            await asyncio.sleep(TICK_SECONDS)
        for player in players:
            far = player.endpoint.farness(LINK)
            print(
                f"{player.name}: {len(player.received)} updates received in {far.packets_in} datagrams, "
                f"{far.bytes_out_ipv4} bytes sent, round trip {far.rtt_us} us"
            )
    finally:
        for player in players:
            player.socket.close()
    return players


if __name__ == "__main__":
    asyncio.run(main())
