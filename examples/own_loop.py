"""A program with a loop of its own drives two peers: no socket, asyncio or thread, no clock but its own.

A ``Peer`` is a value. It is told what happened (a datagram, a frame, time), and asked what to do
(``poll_outputs``) and what is new (``poll_events``). Here a list of pending messages is the network and a
counter is the clock; in a game of yours they are the sockets and the clock that you have already.
Run it: ``python examples/own_loop.py``.
"""

from __future__ import annotations

from lockstep.inputs import DeviceState
from lockstep.peer import outputs
from lockstep.peer.peer import Peer
from lockstep.peer.views import Member
from lockstep.session import SessionTerms
from lockstep.world import World
from lockstep.worlds.small import WORLD

DELAY_US = 30_000
STEP_US = 1_000
NAMES = ("host:1", "guest:1")


class Loop:
    """Two peers, what is under way between them, and the time."""

    def __init__(self) -> None:
        self.now_us = 0
        self.pending: list[tuple[int, str, outputs.Output]] = []
        self.streams: dict[tuple[str, int], tuple[str, int]] = {}
        self.peers = {name: self.make_peer(name, number) for number, name in enumerate(NAMES)}

    def make_peer(self, address: str, number: int) -> Peer:
        """A core of the small world. The seed must be unguessable in a program that listens to others."""
        return Peer(
            World(WORLD, seed=1), Member(core_id=number, stamp=1), terms=SessionTerms(),
            seed=bytes([number] * 16), address=address, now_us=self.now_us,
        )  # fmt: skip

    def run(self, seconds: int) -> None:
        """The loop: play, deliver, let time pass, carry out. Yours draws a picture here, too."""
        for _ in range(seconds * 1_000_000 // STEP_US):
            self.now_us += STEP_US
            self.deliver()
            for number, (name, peer) in enumerate(self.peers.items()):
                held = DeviceState(buttons=self.now_us // 500_000 & 1, axes=(2000 * number - 1000, 500))
                peer.devices.update(0, held, now_us=self.now_us)
                peer.handle_time(self.now_us)
                self.carry_out(name, peer)

    def carry_out(self, name: str, peer: Peer) -> None:
        """Outputs must be carried out in order; the wire takes a while."""
        for output in peer.poll_outputs():
            self.pending.append((self.now_us + DELAY_US, name, output))
        for event in peer.poll_events():
            if isinstance(event, outputs.Joined | outputs.DesyncDetected | outputs.SessionOver):
                print(f"{self.now_us / 1e6:.2f} s  {name}: {event}")

    def deliver(self) -> None:
        """Tell the peers what has arrived by now."""
        while self.pending and self.pending[0][0] <= self.now_us:
            _, source, output = self.pending.pop(0)
            match output:
                case outputs.SendDatagram(path, data):
                    self.peers[str(path)].handle_datagram(source, data, self.now_us)
                case outputs.OpenStream(stream, address):
                    there = self.peers[address].handle_stream_accepted(self.now_us)
                    assert there is not None
                    self.streams[source, stream], self.streams[address, there] = (
                        (address, there),
                        (source, stream),
                    )
                    self.peers[source].handle_stream_opened(stream, self.now_us)
                case outputs.SendFrame(stream, kind, body):
                    address, there = self.streams[source, stream]
                    self.peers[address].handle_frame(there, kind, body, self.now_us)
                case outputs.CloseStream(stream):
                    address, there = self.streams.pop((source, stream))
                    self.peers[address].handle_stream_closed(there, "closed")


def main() -> tuple[bytes, bytes]:
    """Play ten seconds; the hashes of the same tick on both cores."""
    loop = Loop()
    host, guest = loop.peers.values()
    host.found(loop.now_us)
    guest.join("host:1")
    loop.run(seconds=10)
    tick = min(host.session.final_end, guest.session.final_end) - 1
    hashes = [peer.simulation.final_hash(tick) for peer in (host, guest) if peer.simulation is not None]
    assert len(hashes) == 2 and hashes[0] is not None and hashes[1] is not None
    print(f"tick {tick}: {hashes[0].hex()} and {hashes[1].hex()}")
    return hashes[0], hashes[1]


if __name__ == "__main__":
    first, second = main()
    assert first == second
