"""The records that cores exchange inside datagrams besides updates: their bytes.

All little-endian. A record is unreliable and says what is so now; a later one of its kind makes it obsolete,
but for membership messages, of which several may ride together.

=============  ====  ======================================================================================
record         kind  body
=============  ====  ======================================================================================
REPORT           64  epoch u32, held tick i48 as u32 low and i16 high, suspects u16 (bit by seat),
                     phase u32 (low bits, 1/256 ticks), ahead i16 (1/256 ticks; -32768: not known yet),
                     update tick u16 (low bits), arrival i8 (tick of arrival minus update tick; -128: none)
CHECK            66  epoch u32, tick u32, hash 8 bytes, verdict u8
MEMBERSHIP       67  one message of the membership
=============  ====  ======================================================================================

Both sides of a handshake compare :data:`VERSION`. In version 1 the phase and what follows it were a record of
their own, 65; both rode in every datagram.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from lockstep.errors import RemoteError
from lockstep.integrity.checks import ROOT_SIZE
from lockstep.integrity.vote import Verdict

VERSION: Final = 2

REPORT: Final = 64
CHECK: Final = 66
MEMBERSHIP: Final = 67

AHEAD_UNKNOWN: Final = -32768
ARRIVAL_NONE: Final = -128

_REPORT = struct.Struct("<IIhHIhHb")
_CHECK = struct.Struct(f"<II{ROOT_SIZE}sB")


class RecordRefused(RemoteError):
    """The body of a record that cannot be."""


class Report(NamedTuple):
    """What a core holds, where its clock stands, and how our packets arrive there.

    Attributes
    ----------
    epoch, held, suspects : int
        All inputs up to tick ``held`` are there, in this epoch; whom it suspects, a bit by seat.
    phase : int
        Its clock, in 1/256 ticks.
    ahead : int or None
        How far its phase was ahead of ours when our packets arrived; None as long as it is not known.
    update_tick, arrival : int
        By how many ticks our input of a tick came late there (negative: early); ``ARRIVAL_NONE``: none came.
    """

    epoch: int
    held: int
    suspects: int
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
    """Bytes of a REPORT; what does not fit of ``ahead`` and ``arrival`` is saturated."""
    epoch, held, suspects, phase, ahead, update_tick, arrival = report
    if ahead is None:
        ahead = AHEAD_UNKNOWN
    elif not -32767 <= ahead <= 32767:
        ahead = max(-32767, min(32767, ahead))
    if arrival != ARRIVAL_NONE and not -127 <= arrival <= 127:
        arrival = max(-127, min(127, arrival))
    return _REPORT.pack(
        epoch & 0xFFFFFFFF,
        held & 0xFFFFFFFF,
        held >> 32,
        suspects,
        phase & 0xFFFFFFFF,
        ahead,
        update_tick & 0xFFFF,
        arrival,
    )


def decode_report(body: bytes) -> Report:
    """A REPORT from its bytes; epoch, phase and update tick hold low bits only (see :func:`restore`)."""
    if len(body) != _REPORT.size:
        raise _wrong_size(_REPORT, body, "REPORT")
    epoch, low, high, suspects, phase, ahead, update_tick, arrival = _REPORT.unpack(body)
    if ahead == AHEAD_UNKNOWN:
        ahead = None
    return Report(epoch, high << 32 | low, suspects, phase, ahead, update_tick, arrival)


def encode_check(check: CheckReport) -> bytes:
    """Bytes of a CHECK."""
    return _CHECK.pack(check.epoch & 0xFFFFFFFF, check.tick & 0xFFFFFFFF, check.root, check.verdict)


def decode_check(body: bytes) -> CheckReport:
    """A CHECK from its bytes."""
    if len(body) != _CHECK.size:
        raise _wrong_size(_CHECK, body, "CHECK")
    epoch, tick, root, verdict = _CHECK.unpack(body)
    if verdict not in (Verdict.NOT_RUN, Verdict.REPRODUCED, Verdict.NOT_REPRODUCED):
        raise RecordRefused(f"CHECK: verdict {verdict}; allowed: 0 to 2")
    return CheckReport(epoch, tick, root, Verdict(verdict))


def restore(low: int, bits: int, near: int) -> int:
    """The number nearest to ``near`` whose low ``bits`` bits are ``low``."""
    half = 1 << bits - 1
    return near + ((low - near + half) & (2 * half - 1)) - half


def _wrong_size(form: struct.Struct, body: bytes, name: str) -> RecordRefused:
    return RecordRefused(f"{name} of {len(body)} bytes; it has {form.size}")
