"""Frames come out whole and in order however the bytes are cut; a header that lies costs no memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcode.errors import LimitExceeded, MalformedMessage
from netcode.protocol.framing import FRAME_SIZE_MAX, Frame, FrameDecoder, FrameProgress, encode_frame


def handle(decoder: FrameDecoder, data: bytes) -> list[Frame]:
    decoder.handle_bytes(data)
    return list(iter(decoder.poll_frame, None))


FRAMES = st.lists(st.builds(Frame, st.integers(0, 255), st.binary(max_size=300)), max_size=8)


@given(FRAMES, st.lists(st.integers(1, 40), min_size=1))
def test_any_cutting_gives_the_same_frames(frames: list[Frame], cuts: list[int]) -> None:
    data = b"".join(encode_frame(*frame) for frame in frames)
    decoder = FrameDecoder()
    received: list[Frame] = []
    offset = index = 0
    while offset < len(data):
        size = cuts[index % len(cuts)]
        received += handle(decoder, data[offset : offset + size])
        offset += size
        index += 1
    assert received == frames
    assert decoder.is_between_frames()


def test_progress_of_a_large_frame() -> None:
    decoder = FrameDecoder(size_max=1000)
    data = encode_frame(20, bytes(1000))
    assert decoder.progress() is None
    assert handle(decoder, data[:3]) == []
    assert not decoder.is_between_frames()
    assert handle(decoder, data[3:405]) == []
    assert decoder.progress() == FrameProgress(20, 400, 1000)
    assert handle(decoder, data[405:]) == [Frame(20, bytes(1000))]
    assert decoder.progress() is None


def test_a_frame_too_large_ends_the_stream() -> None:
    decoder = FrameDecoder(size_max=10)
    with pytest.raises(MalformedMessage, match="frame of 11 bytes, at most 10"):
        handle(decoder, encode_frame(1, bytes(11)))
    with pytest.raises(MalformedMessage, match="given up"):
        handle(decoder, encode_frame(1, b""))


def test_local_misuse_is_named() -> None:
    with pytest.raises(LimitExceeded, match="kind 256"):
        encode_frame(256, b"")
    with pytest.raises(LimitExceeded, match=str(FRAME_SIZE_MAX)):
        encode_frame(1, bytes(FRAME_SIZE_MAX + 1))


@given(st.binary(max_size=200))
def test_hostile_bytes_give_frames_or_a_remote_error(data: bytes) -> None:
    decoder = FrameDecoder(size_max=64)
    try:
        for frame in handle(decoder, data):
            assert len(frame.body) <= 64
    except MalformedMessage:
        return


def test_the_bound_is_looked_at_when_a_frame_is_polled() -> None:
    decoder = FrameDecoder(size_max=10)
    decoder.handle_bytes(encode_frame(2, b"welcome") + encode_frame(20, bytes(500)))
    assert decoder.poll_frame() == Frame(2, b"welcome")
    decoder.size_max = 1000
    assert decoder.poll_frame() == Frame(20, bytes(500))
