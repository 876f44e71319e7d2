"""A final state on its way from a donor to a core that joins or is healed."""

from __future__ import annotations

import hashlib

from lockstep.peer import frames
from lockstep.peer.frames import AskWorld, FrameRefused, WorldHeader
from lockstep.peer.outputs import JoinProgress, Outbox, SendFrame
from lockstep.peer.simulation import Simulation
from lockstep.world import World
from physics_fixed.errors import SnapshotError
from physics_fixed.tables import Snapshot

ASKS_MAX = 64


class Donor:
    """Answers those who ask for the world, as soon as there is a final state that serves them."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._asks: dict[int, AskWorld] = {}

    def handle_ask(self, stream: int, ask: AskWorld) -> None:
        """Somebody asks over a stream; an earlier ask of theirs is forgotten."""
        if len(self._asks) < ASKS_MAX or stream in self._asks:
            self._asks[stream] = ask

    def forget(self, stream: int) -> None:
        """The stream is closed."""
        self._asks.pop(stream, None)

    def step(self, simulation: Simulation) -> list[int]:
        """Give the world to whom it can be given now; the streams of those who got it."""
        if not self._asks:
            return []
        final = simulation.final_state()
        if final is None:
            return []
        tick, snapshot = final
        view = simulation.session.view
        # Above the view's first tick: who comes and goes in that tick is then part of the state already.
        if tick <= view.first_tick:
            return []
        ready = [s for s, ask in self._asks.items() if tick > ask.tick and view.epoch >= ask.epoch]
        if not ready:
            return []
        data = simulation.world.tables.encode(snapshot)
        header = WorldHeader(view, tick, len(data), hashlib.sha256(data).digest())
        for stream in ready:
            del self._asks[stream]
            self._outbox.outputs.append(SendFrame(stream, frames.WORLD, frames.encode_world(header)))
            for first in range(0, len(data), frames.PART_SIZE):
                part = data[first : first + frames.PART_SIZE]
                self._outbox.outputs.append(SendFrame(stream, frames.WORLD_PART, part))
        return ready


class Receiver:
    """Takes in the world that was asked for.

    Parameters
    ----------
    world : World
        What the state must fit; it is borrowed to look at a state that came, and then as before.
    outbox : Outbox
        Progress goes here.
    """

    def __init__(self, world: World, outbox: Outbox) -> None:
        self._world = world
        self._outbox = outbox
        self._header: WorldHeader | None = None
        self._received = bytearray()

    def handle_frame(self, kind: int, body: bytes) -> tuple[WorldHeader, Snapshot] | None:
        """A WORLD frame, then its WORLD_PART frames; the state once it is complete.

        What came before of another world is dropped.

        Raises
        ------
        FrameRefused
            If it is malformed, nothing was announced, more came than announced, or the state is damaged or of
            another shape.
        """
        if kind == frames.WORLD:
            self._header, self._received = frames.decode_world(body), bytearray()
            return None
        header = self._header
        if header is None:
            raise FrameRefused("WORLD_PART without a WORLD before it")
        if not body or len(self._received) + len(body) > header.size:
            raise FrameRefused(f"{len(self._received)} and {len(body)} bytes of a world of {header.size}")
        self._received += body
        self._outbox.events.append(JoinProgress(len(self._received), header.size))
        if len(self._received) < header.size:
            return None
        data = bytes(self._received)
        self._header, self._received = None, bytearray()
        if hashlib.sha256(data).digest() != header.digest:
            raise FrameRefused("the world's SHA-256 is not the announced one")
        try:
            snapshot = self._world.tables.decode(data)
        except SnapshotError as error:
            raise FrameRefused(f"the world's state: {error}") from None
        self._check(snapshot, header.tick)
        return header, snapshot

    def _check(self, snapshot: Snapshot, tick: int) -> None:
        """A state that contradicts itself must not become ours: kernels index by what stands in it."""
        world = self._world
        live = world.tables.snapshot()
        world.tables.restore(snapshot)
        try:
            world.check()
            problem = "" if world.tick == tick else f"it is of tick {world.tick}, not {tick}"
        except (AssertionError, IndexError, KeyError, ValueError) as error:
            problem = f"it contradicts itself: {error}"
        finally:
            world.tables.restore(live)
        if problem:
            raise FrameRefused(f"the world's state: {problem}")
