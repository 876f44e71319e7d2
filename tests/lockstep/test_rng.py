"""Goal: random numbers depend on seed, tick and name alone. Method: published vectors, spread."""

from __future__ import annotations

from lockstep.rng import RandomStream, mix64, stream_key


def test_output_function_matches_published_splitmix64() -> None:
    # First outputs of SplitMix64 with seed 1234567 (Vigna's reference implementation).
    state, outputs = 1234567, []
    for _ in range(3):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        outputs.append(mix64(state))
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_streams_are_apart() -> None:
    keys = {stream_key(seed, tick, name) for seed in (0, 1) for tick in (0, 1, 2) for name in ("a", "b")}
    assert len(keys) == 12
    assert stream_key(5, 6, "wind") == stream_key(5, 6, "wind")


def test_below_is_in_range_and_even() -> None:
    stream = RandomStream(1, 2, "dice")
    counts = [0] * 6
    for _ in range(6000):
        counts[stream.below(6)] += 1
    assert all(850 < count < 1150 for count in counts), counts
    assert RandomStream(1, 2, "dice").below(1) == 0
    assert 0 <= RandomStream(1, 2, "dice").below(2**63 + 1) <= 2**63


def test_between_and_shuffle() -> None:
    stream = RandomStream(3, 0, "deck")
    assert {stream.between(-1, 1) for _ in range(100)} == {-1, 0, 1}
    deck = stream.shuffled(range(20))
    assert sorted(deck) == list(range(20)) and deck != list(range(20))
    assert stream.pick("abc") in "abc"
