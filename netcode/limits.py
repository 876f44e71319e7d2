"""Every bound of the network code in one place, with the relations between them asserted."""

from __future__ import annotations

from dataclasses import dataclass

HEADER_SIZE = 17
"""Bytes of a datagram before its missed ranges: 8 outer, 9 inner (STANDARD.md)."""

MISSED_RANGES_MAX = 31
"""Ranges in one acknowledgement: its count has five bits."""

MISSED_RANGES_SIZE_MAX = 4 * MISSED_RANGES_MAX
"""Two varints a range, at most two bytes each because the window is below 2**14."""

EMITTER_SIZE = 12
BLOCK_HEADER_SIZE = 6
SPLICE_SIZE_MAX = 7
"""Bytes of a splice besides what it inserts: operation, long length, two varints of at most two bytes."""

RECORD_HEADER_SIZE_MAX = 3
BLOCK_COUNT_MAX = 255
APPLICATION_KIND_FIRST = 64
APPLICATION_KIND_END = 128
IPV4_UDP_HEADER_SIZE = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds and times of an endpoint; the defaults are those of the standard.

    Sizes are bytes, times are integers of microseconds. The two sides of a link must agree on
    ``update_size_max`` and ``window_count`` (they are part of the standard's version); the other bounds are
    local.
    """

    datagram_size_max: int = 1200
    update_size_max: int = 1000
    record_size_max: int = 1000
    records_count_max: int = 64
    history_count_max: int = 2048
    history_size_max: int = 1 << 20
    base_count_kept: int = 128
    window_count: int = 2048
    redundancy_size_max: int = 256
    redundancy_count_max: int = 64
    links_count_max: int = 64
    emitters_count_max: int = 128
    flush_datagrams_max: int = 8
    events_count_max: int = 1 << 16
    beat_us: int = 100_000
    silence_us_min: int = 1_000_000
    resend_us_min: int = 50_000

    def __post_init__(self) -> None:
        overhead = HEADER_SIZE + MISSED_RANGES_SIZE_MAX
        block = EMITTER_SIZE + BLOCK_HEADER_SIZE + SPLICE_SIZE_MAX + self.update_size_max
        assert overhead + block <= self.datagram_size_max, (overhead, block, self.datagram_size_max)
        record = RECORD_HEADER_SIZE_MAX + self.record_size_max
        assert overhead + record <= self.datagram_size_max, (overhead, record, self.datagram_size_max)
        assert self.history_count_max <= self.window_count, (self.history_count_max, self.window_count)
        assert self.window_count < 1 << 14, self.window_count
        assert self.history_size_max >= self.update_size_max, (self.history_size_max, self.update_size_max)
        assert 1 <= self.base_count_kept <= self.history_count_max, self.base_count_kept
        # A tail that still comes, because acknowledgements are lost, must find its base held.
        assert self.redundancy_count_max < self.base_count_kept, (
            self.redundancy_count_max,
            self.base_count_kept,
        )
        assert self.redundancy_count_max <= BLOCK_COUNT_MAX, self.redundancy_count_max
        assert self.redundancy_size_max <= self.piece_size_max, self.redundancy_size_max
        assert self.flush_datagrams_max >= 1, self.flush_datagrams_max
        assert 0 < self.resend_us_min <= self.beat_us < self.silence_us_min, (
            self.resend_us_min,
            self.beat_us,
            self.silence_us_min,
        )

    @property
    def piece_size_max(self) -> int:
        """Bytes of the largest record that fits into a datagram whatever it acknowledges."""
        return self.datagram_size_max - HEADER_SIZE - MISSED_RANGES_SIZE_MAX


DEFAULT = Limits()
