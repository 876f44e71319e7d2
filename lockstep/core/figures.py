"""The figures of a running core: for the net graph ten times a second, and once at the end."""

from __future__ import annotations

from collections import deque

from lockstep.peer.peer import Peer
from lockstep.terminal import NetFigures, PeerFigures
from netcode.limits import IPV4_UDP_HEADER_SIZE

INTERVAL_US = 100_000
_RATE_SAMPLES = 10


class Figures:
    """Counts what goes out, and puts figures together.

    Attributes
    ----------
    packets_out, bytes_out : int
        Datagrams sent, and their bytes with the headers of IPv4 and UDP.
    """

    def __init__(self) -> None:
        self.packets_out = 0
        self.bytes_out = 0
        self._due_us = 0
        self._samples: deque[tuple[int, int, int]] = deque(maxlen=_RATE_SAMPLES + 1)
        self._depths: list[int] = []

    def count(self, size: int) -> None:
        """A datagram of ``size`` bytes goes out."""
        self.packets_out += 1
        self.bytes_out += size + IPV4_UDP_HEADER_SIZE

    def is_due(self, now_us: int) -> bool:
        """Whether the net graph wants new figures; asks once per interval."""
        if now_us < self._due_us:
            return False
        self._due_us = now_us + INTERVAL_US
        return True

    def net(self, peer: Peer, now_us: int) -> NetFigures:
        """The figures of the net graph."""
        session, simulation = peer.session, peer.simulation
        assert simulation is not None
        self._samples.append((now_us, self.packets_out, self.bytes_out))
        first, last = self._samples[0], self._samples[-1]
        span_us = max(1, last[0] - first[0])
        links = peer.links()
        figures = session.figures
        others = tuple(
            PeerFigures(
                place=seat.place,
                core=f"{seat.member.core_id:016x}",
                rtt_ms=links[seat.member].rtt_us / 1000,
                ticks_behind=max(0, session.tick - session.end_of(seat.member)),
                delay=session.delay_of(seat.member),
                missed=links[seat.member].missed,
            )
            for seat in peer.view.seats
            if seat.member in links
        )
        checks = simulation.checks
        state = (
            "desync"
            if peer.is_disputed
            else "alone"
            if not others
            else "waiting"
            if checks.pending > 4
            else "agreed"
        )
        worst = max(links.values(), key=lambda farness: farness.rtt_us, default=None)
        return NetFigures(
            tick=session.tick,
            confirmed=session.confirmed_end - 1,
            held=session.held_end - 1,
            ahead=max(0, session.tick - session.held_end),
            rollback=self._deepest(figures.depths),
            delay=peer.delay_ticks,
            rtt_ms=0.0 if worst is None else worst.rtt_us / 1000,
            jitter_ms=0.0 if worst is None else worst.jitter_us / 1000,
            hash_tick=checks.agreed_tick,
            hash_state=state,  # type: ignore[arg-type]
            stalled=session.paused,
            bytes_out_per_s=(last[2] - first[2]) * 1_000_000 // span_us,
            packets_out_per_s=(last[1] - first[1]) * 1_000_000 // span_us,
            rollbacks=figures.rollbacks,
            resimulated=figures.resimulated,
            stalls=figures.pauses,
            desyncs=peer.desyncs,
            resyncs=peer.resyncs,
            peers=others,
        )

    def _deepest(self, depths: list[int]) -> int:
        before, self._depths = self._depths, depths.copy()
        grown = [d for d, count in enumerate(depths) if not before or count > before[d]]
        return max((d for d in grown if depths[d]), default=0)

    def report(self, peer: Peer, final_tick: int | None, final_hash: bytes | None) -> dict[str, object]:
        """The final figures: plain values, ready for JSON."""
        report: dict[str, object] = {
            "core": f"{peer.identity.core_id:016x}",
            "world": peer.world.definition.name,
            "ticks": 0,
            "confirmed": 0,
            "rollbacks": 0,
            "resimulated": 0,
            "rollback_depths": [],
            "bodies_recomputed": 0,
            "bodies_reused": 0,
            "stalls": 0,
            "stall_ms_longest": 0.0,
            "desyncs": peer.desyncs,
            "resyncs": peer.resyncs,
            "bytes_out": self.bytes_out,
            "packets_out": self.packets_out,
            "delay": peer.delay_ticks,
            "final_tick": final_tick,
            "final_hash": None if final_hash is None else final_hash.hex(),
            "log": [list(entry) for entry in peer.log.entries],
        }
        if peer.simulation is not None:
            session = peer.session
            depths = session.figures.depths
            last = max((d for d, count in enumerate(depths) if count), default=0)
            report.update(
                ticks=session.tick,
                confirmed=session.confirmed_end,
                rollbacks=session.figures.rollbacks,
                resimulated=session.figures.resimulated,
                rollback_depths=depths[: last + 1],
                bodies_recomputed=peer.world.reuse.bodies_recomputed,
                bodies_reused=peer.world.reuse.bodies_reused,
                stalls=session.figures.pauses,
                stall_ms_longest=peer.stall_us_longest / 1000,
            )
        return report
