"""Input delay and pacing: both follow measured lateness, within stated bounds and times.

Method: exact reports in, exact delays and periods out; two pacers on one simulated wire must meet.
"""

from __future__ import annotations

import pytest

from lockstep.session import DelayController, Pacer, SessionTerms
from lockstep.session.delay import WINDOW_INPUTS
from lockstep.session.pacing import LAG_US_MAX, PHASE_ONE
from lockstep.session.terms import TermsError

TERMS = SessionTerms()


def observe(delay: DelayController, link: int, required: int, times: int) -> None:
    for _ in range(times):
        delay.observe(link, required)


def test_delay_rises_when_three_of_four_inputs_are_waited_for() -> None:
    delay = DelayController(TERMS)
    late = TERMS.delay_ticks_start + TERMS.rollback_ticks_free + 3
    observe(delay, 1, late, 2)
    assert delay.ticks == TERMS.delay_ticks_start
    observe(delay, 1, 0, 1)
    observe(delay, 1, late, 1)
    assert delay.ticks == late - TERMS.rollback_ticks_free


def test_delay_is_bounded_above_and_below() -> None:
    delay = DelayController(TERMS)
    observe(delay, 1, 200, 10)
    assert delay.ticks == TERMS.delay_ticks_max
    observe(delay, 1, -5, 2 * WINDOW_INPUTS)
    assert delay.ticks == TERMS.delay_ticks_min


def test_delay_falls_after_a_full_window_of_good_reports_and_not_before() -> None:
    delay = DelayController(TERMS)
    observe(delay, 1, 9, 10)
    high = delay.ticks
    observe(delay, 1, 2, WINDOW_INPUTS - 20)
    assert delay.ticks == high
    observe(delay, 1, 2, 60)
    assert delay.ticks == TERMS.delay_ticks_min


def test_delay_follows_the_slowest_link_until_it_is_gone() -> None:
    delay = DelayController(TERMS)
    for _ in range(WINDOW_INPUTS * 2):
        delay.observe(1, 2)
        delay.observe(2, 8)
    assert delay.ticks == 8 - TERMS.rollback_ticks_free
    delay.forget(2)
    observe(delay, 1, 2, 30)
    assert delay.ticks == TERMS.delay_ticks_min


def test_one_late_input_in_a_hundred_does_not_keep_the_delay_up() -> None:
    delay = DelayController(TERMS)
    observe(delay, 1, 9, 4)
    for index in range(3 * WINDOW_INPUTS):
        delay.observe(1, 9 if index % 120 == 0 else 2)
    assert delay.ticks == TERMS.delay_ticks_min


def test_ticks_of_a_core_alone_are_exact_over_a_second() -> None:
    pacer = Pacer(60, now_us=0)
    for _ in range(60):
        pacer.advance(pacer.due_us)
    assert pacer.due_us == 1_000_000


@pytest.mark.parametrize("lead_ticks", [-6, -1, 1, 6])
def test_two_cores_meet_without_skipping_a_tick(lead_ticks: int) -> None:
    delay_us = 40_000
    pacers = {1: Pacer(60, now_us=0), 2: Pacer(60, now_us=0)}
    ticks = {1: max(0, lead_ticks), 2: max(0, -lead_ticks)}
    wire: list[tuple[int, int, int, int | None]] = []
    now_us = 0
    periods = []
    while now_us < 8_000_000:
        number = min(pacers, key=lambda n: (pacers[n].due_us, n))
        now_us = pacers[number].due_us
        while wire and wire[0][0] <= now_us:
            at_us, to, phase, ahead = wire.pop(0)
            own = pacers[to].phase(ticks[to], at_us)
            pacers[to].observe(1, own_phase=own, remote_phase=phase, remote_ahead=ahead)
        ticks[number] += 1
        pacers[number].advance(now_us)
        periods.append(pacers[number].due_us - now_us)
        phase = pacers[number].phase(ticks[number], now_us)
        wire.append((now_us + delay_us, 3 - number, phase, pacers[number].ahead(1)))
    assert abs(pacers[1].phase(ticks[1], now_us) - pacers[2].phase(ticks[2], now_us)) < PHASE_ONE
    assert max(periods) <= 16_667 * 11 // 10 + 1


def test_time_lost_beyond_a_bound_is_not_run_after() -> None:
    pacer = Pacer(60, now_us=0)
    pacer.advance(5_000_000)
    assert pacer.due_us == 5_000_000 - LAG_US_MAX


@pytest.mark.parametrize(
    ("name", "value"),
    [("tick_rate", 0), ("tick_rate", 241), ("prediction_limit", 33), ("window", 8), ("delay_ticks_start", 9)],
)
def test_terms_that_cannot_be_are_refused_with_value_and_range(name: str, value: int) -> None:
    with pytest.raises(TermsError, match=rf"{name} = {value}; allowed: "):
        SessionTerms(**{name: value})
