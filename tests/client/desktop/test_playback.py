"""The clock between views, driven by hand: steady under jitter, never back, no long catching up."""

from __future__ import annotations

import itertools
import random

import pytest

from client.desktop.playback import DELAY_TICKS_MAX, DELAY_TICKS_MIN, TickClock

RATE = 64  # tick lengths are then exact


def fed(clock: TickClock, ticks: range, *, ahead_s: float = 0.0, transit_s: float = 0.0) -> float:
    """Feed views without jitter; returns the local time of the last one."""
    now = 0.0
    for tick in ticks:
        shown = tick / RATE + ahead_s
        now = shown + 100.0 + transit_s
        clock.handle_view(tick, shown, now)
    return now


def test_steady_views_are_drawn_one_tick_behind_at_any_display_rate() -> None:
    clock = TickClock(RATE)
    now = fed(clock, range(10, 20))
    assert clock.drawn_tick(now) == 18.0
    assert clock.drawn_tick(now + 0.25 / RATE) == 18.25
    assert clock.drawn_tick(now + 0.5 / RATE) == 18.5


def test_nothing_is_drawn_beyond_the_newest_view() -> None:
    clock = TickClock(RATE)
    now = fed(clock, range(10, 20))
    assert clock.drawn_tick(now + 10 / RATE) == 19.0


def test_before_the_first_view_it_is_tick_zero() -> None:
    assert TickClock(RATE).drawn_tick(5.0) == 0.0


@pytest.mark.parametrize("jitter_s", [0.002, 0.006])
def test_jitter_does_not_shake_the_picture(jitter_s: float) -> None:
    generator = random.Random(7)
    clock = TickClock(RATE)
    events = []
    for tick in range(600):
        shown = tick / RATE + generator.uniform(0.0, 0.001)
        events.append((shown + 0.0005 + generator.uniform(0.0, jitter_s), "view", tick, shown))
    events += [(picture / 144, "picture", 0, 0.0) for picture in range(36, 144 * 9)]
    drawn = []
    for now, what, tick, shown in sorted(events):
        if what == "view":
            clock.handle_view(tick, shown, now)
        else:
            drawn.append(clock.drawn_tick(now))
    steps = [b - a for a, b in itertools.pairwise(drawn[144:])]
    assert min(steps) > 0.85 * RATE / 144
    assert max(steps) < 1.15 * RATE / 144
    assert DELAY_TICKS_MIN <= clock.delay_ticks <= DELAY_TICKS_MAX


def test_time_never_runs_back() -> None:
    generator = random.Random(3)
    clock = TickClock(RATE)
    last = 0.0
    for tick in range(300):
        shown = tick / RATE + generator.uniform(0.0, 0.05)
        clock.handle_view(tick, shown, shown + generator.uniform(0.0, 0.1))
        drawn = clock.drawn_tick(shown + 0.1)
        assert last <= drawn <= tick
        last = drawn


def test_after_a_pause_it_goes_on_a_tick_or_two_behind() -> None:
    clock = TickClock(RATE)
    fed(clock, range(10, 40))
    now = fed(clock, range(40, 60), ahead_s=0.125)  # the core stood still for eight ticks
    drawn = clock.drawn_tick(now)
    assert 59.0 - DELAY_TICKS_MAX <= drawn <= 59.0
    assert clock.drawn_tick(now + 0.25 / RATE) == pytest.approx(drawn + 0.25)


def test_a_long_pause_starts_the_line_anew() -> None:
    clock = TickClock(RATE)
    fed(clock, range(10, 40))
    now = fed(clock, range(40, 44), ahead_s=20.0)
    assert 43 - DELAY_TICKS_MAX <= clock.drawn_tick(now) <= 43.0


def test_a_core_that_goes_back_is_followed() -> None:
    clock = TickClock(RATE)
    fed(clock, range(100, 140))
    now = fed(clock, range(50, 60), ahead_s=3.0)
    assert clock.drawn_tick(now) == pytest.approx(58.0, abs=1.1)


def test_a_slower_way_to_the_terminal_is_learned() -> None:
    clock = TickClock(RATE)
    fed(clock, range(10, 40))
    now = fed(clock, range(40, 200), transit_s=0.02)
    assert 199 - DELAY_TICKS_MAX <= clock.drawn_tick(now) < 199.0
