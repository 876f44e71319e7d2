"""Why bytes from outside were not acted upon: one counter per reason."""

from __future__ import annotations

from enum import StrEnum

from netcode.errors import RemoteError


class Refusal(StrEnum):
    """Reasons, each counted by an endpoint (`Endpoint.refusals`)."""

    TOO_SHORT = "too_short"
    TOO_LARGE = "too_large"
    VERSION = "version"
    TYPE = "type"
    FLAGS = "flags"
    CONNECTION_UNKNOWN = "connection_unknown"
    REPLAYED = "replayed"
    TRUNCATED = "truncated"
    VARINT = "varint"
    MISSED_RANGES = "missed_ranges"
    ACKNOWLEDGED_UNSENT = "acknowledged_unsent"
    ACKNOWLEDGEMENT_FELL = "acknowledgement_fell"
    ECHO = "echo"
    RECORD_KIND = "record_kind"
    RECORD_SIZE = "record_size"
    BLOCK = "block"
    UPDATE_SIZE = "update_size"
    NUMBER = "number"
    CONFLICT = "conflict"
    EVENTS_FULL = "events_full"
    BASE_UNKNOWN = "base_unknown"
    POSITION_UNKNOWN = "position_unknown"
    EMITTER_UNKNOWN = "emitter_unknown"
    EMITTER_LOCAL = "emitter_local"


PARTIAL = frozenset(
    (Refusal.BASE_UNKNOWN, Refusal.POSITION_UNKNOWN, Refusal.EMITTER_UNKNOWN, Refusal.EMITTER_LOCAL)
)
"""Reasons that drop one block of a datagram and keep the rest: honest peers cause them now and then."""


class Refused(RemoteError):
    """A datagram is dropped whole; only `Endpoint` raises and catches this."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason
