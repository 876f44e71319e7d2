"""docs/TERMINAL.md is enough to write a terminal: its tables are read with `struct`, its messages decode.

The binary examples are decoded by the offsets that the tables state, then compared with the codec.
"""

from __future__ import annotations

import json
import math
import re
import struct
from pathlib import Path

import pytest

from lockstep.terminal import (
    CommandRequest,
    DeviceReport,
    ErrorReport,
    Hello,
    NetFigures,
    Ping,
    Welcome,
    decode_from_core,
    decode_from_terminal,
    decode_scene,
    decode_view,
    encode_from_core,
    encode_scene,
    encode_view,
    limits,
)

DOCUMENT = (Path(__file__).parents[3] / "docs" / "TERMINAL.md").read_text()
LAYOUT = {"buttons": ["jump", "run"], "axes": ["move_x", "move_z", "look_yaw", "look_pitch"]}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


def hex_block(language: str) -> bytes:
    (found,) = blocks(language)
    return bytes.fromhex(found)


def offsets(title: str) -> dict[str, str]:
    """The first table below a heading: field to offset."""
    section = DOCUMENT.split(f"### {title}")[1]
    rows = re.findall(r"^\| ([\d+ a-z]*) \| ([\w ]*) \| (.*?) \|$", section, re.MULTILINE)
    return {field: offset for offset, _, field in rows}


def test_scene_reads_by_its_table() -> None:
    data = hex_block("scene")
    at = offsets("SCENE")
    (serial,) = struct.unpack_from(
        "<H", data, int(at["low 16 bits of the serial, which grows with every change"])
    )
    tick, count = struct.unpack_from("<II", data, int(at["tick"]))
    assert (data[0], data[1], serial, tick, count) == (1, 1, 2, 600, 2)
    second = data[12 + 24 :]
    assert struct.unpack_from("<IBBBBI3f", second) == (7, 1, 4, 255, 0, 0x6FA8DCFF, 0.25, 0.0, 0.0)
    assert struct.unpack_from("<IBBBBI3f", data, 12) == (0, 2, 1, 255, 0, 0xD9DDD6FF, 20.0, 0.5, 20.0)


def test_view_reads_by_its_table() -> None:
    data = hex_block("view")
    at = offsets("VIEW")
    (tick,) = struct.unpack_from("<I", data, int(at["tick"]))
    (time_ms,) = struct.unpack_from("<d", data, 8)
    count, serial = struct.unpack_from("<II", data, int(at["count of rows"]))
    assert (data[0], data[1], data[2], tick, time_ms, count, serial) == (2, 1, 0, 601, 10016.5, 1, 65538)
    positions_at, rotations_at = 24 + 4 * count, 24 + 16 * count
    assert (at["positions of the centres"], at["rotations"]) == ("24 + 4 count", "24 + 16 count")
    assert struct.unpack_from("<I", data, 24) == (7,)
    assert struct.unpack_from("<3f", data, positions_at) == (1.5, 0.25, -3.0)
    x, y, z, w = struct.unpack_from("<4f", data, rotations_at)
    assert (x, z) == (0.0, 0.0)
    assert math.degrees(2 * math.atan2(y, w)) == pytest.approx(60.0, abs=1e-4)
    assert len(data) == 24 + 32 * count


def test_codec_writes_the_document_byte_for_byte() -> None:
    scene = decode_scene(hex_block("scene"))
    names = ("slot", "shape", "flags", "place", "rgba", "size")
    slots, shapes, flags, places, rgba, sizes = (scene.rows[name] for name in names)
    assert hex_block("scene") == encode_scene(
        serial=65538, tick=600, slots=slots, shapes=shapes, flags=flags, places=places, rgba=rgba, sizes=sizes
    )
    view = decode_view(hex_block("view"))
    assert hex_block("view") == encode_view(
        tick=view.tick,
        time_ms=view.time_ms,
        scene_serial=view.scene_serial,
        slots=view.slots,
        positions=view.positions,
        rotations=view.rotations,
        keyframe=view.keyframe,
        paused=view.paused,
    )


def test_messages_of_a_terminal_decode() -> None:
    lines = blocks("json")[0].splitlines()
    messages = [decode_from_terminal(line, **LAYOUT) for line in lines]
    assert [type(message) for message in messages] == [Hello, DeviceReport, CommandRequest, Ping]
    assert messages[1] == DeviceReport(
        17, ("jump", "run"), {"move_x": 0.0, "move_z": 1.0, "look_yaw": 0.25, "look_pitch": -0.1}
    )


def test_messages_of_a_core_are_what_the_core_sends() -> None:
    lines = blocks("json")[1].splitlines()
    messages = [decode_from_core(line) for line in lines]
    assert isinstance(messages[0], Welcome)
    assert isinstance(messages[1], NetFigures)
    assert isinstance(messages[3], ErrorReport)
    for line, message in zip(lines, messages, strict=True):
        assert message is not None
        assert json.loads(encode_from_core(message)) == json.loads(line)


def test_limits_are_those_of_the_code() -> None:
    for value in (
        f"{limits.TERMINAL_TEXT_SIZE_MAX} bytes",
        f"{limits.TERMINAL_MESSAGES_PER_SECOND_MAX} a second",
        f"VIEW | {limits.ROW_COUNT_MAX}",
        f"every {limits.INPUT_INTERVAL_MS_MAX} ms",
        f"at most {limits.TERMINAL_NAME_SIZE_MAX} characters",
    ):
        assert value in DOCUMENT, value
