"""The records that cores exchange inside datagrams besides updates: their bytes.

All little-endian. A record is unreliable and says what is so now; a later one of its kind makes it obsolete,
but for membership messages, of which several may ride together.

=============  ====  ======================================================================================
record         kind  body
=============  ====  ======================================================================================
REPORT           64  epoch u32, held tick i48 as u32 low and i16 high, suspects u16 (bit by seat)
PACE             65  phase u32 (low bits, 1/256 ticks), ahead i16 (1/256 ticks; -32768: not known yet),
                     update tick u16 (low bits), arrival i8 (tick of arrival minus update tick; -128: none)
CHECK            66  epoch u32, tick u32, hash 8 bytes, verdict u8
MEMBERSHIP       67  one message of the membership
=============  ====  ======================================================================================
"""

from __future__ import annotations

import struct
from typing import Any, Final, NamedTuple

from lockstep.errors import RemoteError
from lockstep.integrity.checks import ROOT_SIZE
from lockstep.integrity.vote import Verdict

REPORT: Final = 64
PACE: Final = 65
CHECK: Final = 66
MEMBERSHIP: Final = 67

AHEAD_UNKNOWN: Final = -32768
ARRIVAL_NONE: Final = -128

_REPORT = struct.Struct("<IIhH")
_PACE = struct.Struct("<IhHb")
_CHECK = struct.Struct(f"<II{ROOT_SIZE}sB")


class RecordRefused(RemoteError):
    """The body of a record that cannot be."""


class Report(NamedTuple):
    """What a core holds: all inputs up to tick ``held``, in this epoch; whom it suspects."""

    epoch: int
    held: int
    suspects: int


class Pace(NamedTuple):
    """Where a core's clock stands, and how our packets arrive there."""

    phase: int
    ahead: int | None
    update_tick: int
    arrival: int


class CheckReport(NamedTuple):
    """A state hash of a final tick."""

    epoch: int
    tick: int
    root: bytes
    verdict: Verdict


def encode_report(report: Report) -> bytes:
    """Bytes of a REPORT."""
    return _REPORT.pack(
        report.epoch & 0xFFFFFFFF, report.held & 0xFFFFFFFF, report.held >> 32, report.suspects
    )


def decode_report(body: bytes) -> Report:
    """A REPORT from its bytes."""
    epoch, low, high, suspects = _unpack(_REPORT, body, "REPORT")
    return Report(epoch, high << 32 | low, suspects)


def encode_pace(pace: Pace) -> bytes:
    """Bytes of a PACE; what does not fit is saturated."""
    ahead = AHEAD_UNKNOWN if pace.ahead is None else max(-32767, min(32767, pace.ahead))
    arrival = pace.arrival if pace.arrival == ARRIVAL_NONE else max(-127, min(127, pace.arrival))
    return _PACE.pack(pace.phase & 0xFFFFFFFF, ahead, pace.update_tick & 0xFFFF, arrival)


def decode_pace(body: bytes) -> Pace:
    """A PACE from its bytes; phase and tick hold low bits only (see :func:`restore`)."""
    phase, ahead, update_tick, arrival = _unpack(_PACE, body, "PACE")
    return Pace(phase, None if ahead == AHEAD_UNKNOWN else ahead, update_tick, arrival)


def encode_check(check: CheckReport) -> bytes:
    """Bytes of a CHECK."""
    return _CHECK.pack(check.epoch & 0xFFFFFFFF, check.tick & 0xFFFFFFFF, check.root, check.verdict)


def decode_check(body: bytes) -> CheckReport:
    """A CHECK from its bytes."""
    epoch, tick, root, verdict = _unpack(_CHECK, body, "CHECK")
    if verdict not in (Verdict.NOT_RUN, Verdict.REPRODUCED, Verdict.NOT_REPRODUCED):
        raise RecordRefused(f"CHECK: verdict {verdict}; allowed: 0 to 2")
    return CheckReport(epoch, tick, root, Verdict(verdict))


def restore(low: int, bits: int, near: int) -> int:
    """The number nearest to ``near`` whose low ``bits`` bits are ``low``."""
    span = 1 << bits
    return near + ((low - near + (span >> 1)) % span) - (span >> 1)


def _unpack(form: struct.Struct, body: bytes, name: str) -> tuple[Any, ...]:
    if len(body) != form.size:
        raise RecordRefused(f"{name} of {len(body)} bytes; it has {form.size}")
    return form.unpack(body)
