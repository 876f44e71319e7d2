"""How far a peer is: round trip and its variation in integers, and the counters of a link."""

from __future__ import annotations

from typing import NamedTuple

from netcode.limits import IPV4_UDP_HEADER_SIZE


class Farness(NamedTuple):
    """Public figures of one link, at the moment of asking.

    Attributes
    ----------
    rtt_us, jitter_us : int
        Smoothed round trip and its mean deviation; both 0 until measured.
    rtt_us_min : int
        Least round trip ever measured; 0 until measured.
    missed : int
        Updates of the peer that are known to exist and are not here.
    missed_remote : int
        Own updates that the peer reports missing.
    backlog : int
        Own updates that the peer has not acknowledged.
    bytes_in, bytes_out, packets_in, packets_out : int
        Datagrams accepted and sent, without headers of IP and UDP.
    packets_lost : int
        Datagrams of the peer that have not arrived, from its packet counter; late ones are subtracted again.
    heard_us : int or None
        When the last datagram was accepted, None before the first.
    added_us : int
        When the link was added.
    """

    rtt_us: int
    jitter_us: int
    rtt_us_min: int
    missed: int
    missed_remote: int
    backlog: int
    bytes_in: int
    bytes_out: int
    packets_in: int
    packets_out: int
    packets_lost: int
    heard_us: int | None
    added_us: int

    def silent_us(self, now_us: int) -> int:
        """Return for how long nothing has been heard."""
        return now_us - (self.added_us if self.heard_us is None else self.heard_us)

    @property
    def bytes_out_ipv4(self) -> int:
        """Bytes sent, headers of IPv4 and UDP included."""
        return self.bytes_out + IPV4_UDP_HEADER_SIZE * self.packets_out


class RoundTrip:
    """Smoothed round trip and deviation by the rule of RFC 6298, in integers of microseconds."""

    __slots__ = ("_deviation_x4", "_rtt_x8", "rtt_us_min")

    def __init__(self) -> None:
        self.rtt_us_min = 0
        self._rtt_x8 = 0
        self._deviation_x4 = 0

    @property
    def rtt_us(self) -> int:
        """Smoothed round trip, 0 until measured."""
        return self._rtt_x8 >> 3

    @property
    def jitter_us(self) -> int:
        """Smoothed mean deviation of the round trip."""
        return self._deviation_x4 >> 2

    def add(self, sample_us: int) -> None:
        """Take in one measured round trip, at least 0."""
        assert sample_us >= 0, sample_us
        if not self._rtt_x8:
            self._rtt_x8 = sample_us << 3
            self._deviation_x4 = sample_us << 1
            self.rtt_us_min = sample_us
            return
        error = sample_us - (self._rtt_x8 >> 3)
        self._rtt_x8 += error
        self._deviation_x4 += abs(error) - (self._deviation_x4 >> 2)
        if sample_us < self.rtt_us_min:
            self.rtt_us_min = sample_us
