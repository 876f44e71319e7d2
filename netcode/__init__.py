"""An acknowledged queue of numbered updates between peers, over datagrams: pure machines, sockets apart.

`Endpoint` is the heart; `netcode.transports` carries its bytes, `netcode.simulated_network` does so in tests.
"""

from __future__ import annotations

from netcode.errors import LocalError, NetcodeError, RemoteError
from netcode.limits import DEFAULT, Limits
from netcode.protocol.endpoint import Endpoint
from netcode.protocol.events import (
    Event,
    HistoryExceeded,
    LinkHeard,
    LinkSilent,
    RecordReceived,
    RelayDone,
    UpdateConflict,
    UpdateReceived,
)
from netcode.protocol.farness import Farness
from netcode.protocol.numbers import Emitter

__all__ = [
    "DEFAULT",
    "Emitter",
    "Endpoint",
    "Event",
    "Farness",
    "HistoryExceeded",
    "Limits",
    "LinkHeard",
    "LinkSilent",
    "LocalError",
    "NetcodeError",
    "RecordReceived",
    "RelayDone",
    "RemoteError",
    "UpdateConflict",
    "UpdateReceived",
]
