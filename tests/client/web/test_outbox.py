"""What waits for a terminal: all texts in order, the newest scene, one view; and how fast it may talk."""

from __future__ import annotations

import pytest

from client.web.outbox import PENDING_SIZE_MAX, Outbox, OutboxOverflow
from client.web.rate import MessageRate
from lockstep.terminal import decode_view, encode_scene, encode_view


def view(tick: int, slot: int, *, keyframe: bool = False) -> bytes:
    return encode_view(
        tick=tick,
        time_ms=0.0,
        scene_serial=1,
        slots=[slot],
        positions=[(tick, 0, 0)],
        rotations=[(0, 0, 0, 1)],
        keyframe=keyframe,
    )


def scene(serial: int) -> bytes:
    return encode_scene(serial=serial, tick=0, slots=[], shapes=[], flags=[], places=[], rgba=[], sizes=[])


def drain(outbox: Outbox) -> list[str | bytes]:
    taken = []
    while outbox:
        taken.append(outbox.take())
    return taken


def test_texts_then_scene_then_one_view() -> None:
    outbox = Outbox()
    for message in ("a", view(1, 7, keyframe=True), scene(1), "b", view(2, 8), scene(2), view(3, 7), "c"):
        outbox.put(message)
    taken = drain(outbox)
    assert taken[:4] == ["a", "b", "c", scene(2)]
    assert len(taken) == 5
    folded = decode_view(bytes(taken[4]))  # type: ignore[arg-type]
    assert (folded.tick, folded.keyframe, folded.slots.tolist()) == (3, True, [8, 7])
    assert folded.positions[:, 0].tolist() == [2.0, 3.0]
    assert outbox.views_folded == 2


def test_unread_text_is_bounded() -> None:
    outbox = Outbox()
    outbox.put("x" * PENDING_SIZE_MAX)
    with pytest.raises(OutboxOverflow, match=f"{PENDING_SIZE_MAX + 1} bytes of messages unread"):
        outbox.put("x")


def test_text_that_was_read_does_not_count() -> None:
    outbox = Outbox()
    for _ in range(3 * PENDING_SIZE_MAX // 1000):
        outbox.put("x" * 1000)
        assert outbox.take() == "x" * 1000


def test_rate_allows_a_burst_then_the_sustained_rate() -> None:
    rate = MessageRate(200, now_us=0)
    assert sum(rate.admit(0) for _ in range(300)) == 200
    assert not rate.admit(4_999)
    assert rate.admit(5_000)
    assert not rate.admit(5_001)
    assert sum(rate.admit(5_001 + 5_000 * step) for step in range(1, 1000)) == 999
