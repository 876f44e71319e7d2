"""The terminal protocol as a pure codec: messages in, bytes and text out, and back.

`docs/TERMINAL.md` is its description for people who write a terminal in any language.
"""

from __future__ import annotations

from lockstep.terminal.errors import MalformedMessage
from lockstep.terminal.from_core import (
    Bye,
    CoreMessage,
    ErrorReport,
    Event,
    HashState,
    NetFigures,
    PeerFigures,
    Pong,
    Welcome,
    decode_from_core,
    encode_from_core,
    error_report,
)
from lockstep.terminal.from_terminal import (
    ArgumentValue,
    CommandRequest,
    DeviceReport,
    Hello,
    Ping,
    TerminalMessage,
    decode_from_terminal,
    encode_from_terminal,
)
from lockstep.terminal.scene import Scene, decode_scene, encode_scene
from lockstep.terminal.view import View, ViewEncoder, decode_view, encode_view, is_view, merge_views

__all__ = [
    "ArgumentValue",
    "Bye",
    "CommandRequest",
    "CoreMessage",
    "DeviceReport",
    "ErrorReport",
    "Event",
    "HashState",
    "Hello",
    "MalformedMessage",
    "NetFigures",
    "PeerFigures",
    "Ping",
    "Pong",
    "Scene",
    "TerminalMessage",
    "View",
    "ViewEncoder",
    "Welcome",
    "decode_from_core",
    "decode_from_terminal",
    "decode_scene",
    "decode_view",
    "encode_from_core",
    "encode_from_terminal",
    "encode_scene",
    "encode_view",
    "error_report",
    "is_view",
    "merge_views",
]
