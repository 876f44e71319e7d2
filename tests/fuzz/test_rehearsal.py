"""A rehearsal's judgement: figures that a person would not accept are refused, each for its reason.

Method: reports as two cores write them, altered one at a time. The rehearsals run in CI and in soaks.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from fuzz.rehearsal import REHEARSALS, judge
from fuzz.report import CheckFailed

GOOD: dict[str, Any] = {
    "final_tick": 600,
    "final_hash": "ab",
    "desyncs": 0,
    "resyncs": 0,
    "stall_ms_longest": 30.0,
    "delay": 2,
    "log": [[1, 70, "view", 1, "join"]],
    "desync_events": [],
}
CELL = {"table": "slots", "row": 1, "column": "position_q24", "ours": 1, "theirs": 2}
EVENTS = [
    {"event": "DesyncDetected", "seen_tick": 306},
    {"event": "DesyncNamed", "differences": [CELL]},
]


def reports(**changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    host, guest = copy.deepcopy(GOOD), copy.deepcopy(GOOD)
    guest.update(changes)
    return host, guest


def test_good_reports_are_accepted() -> None:
    for name in ("lossy", "visit"):
        judge(REHEARSALS[name], *reports())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"final_hash": "cd"}, "final hashes differ"),
        ({"final_tick": 599}, "final ticks"),
        ({"desyncs": 1}, "desyncs"),
        ({"stall_ms_longest": 251.0}, "a stall of 251.0 ms; allowed: 250"),
        ({"delay": 4}, "after 4 ticks; allowed: 3"),
        ({"log": [[1, 300, "delay", 0, "5"]]}, "after 5 ticks"),
    ],
)
def test_what_a_person_would_notice_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckFailed, match=message):
        judge(REHEARSALS["lossy"], *reports(**changes))


def desync_reports() -> tuple[dict[str, Any], dict[str, Any]]:
    host, guest = reports(resyncs=1)
    for report in (host, guest):
        report["desyncs"], report["desync_events"] = 1, copy.deepcopy(EVENTS)
    return host, guest


def test_desync_must_be_detected_soon_named_and_healed() -> None:
    judge(REHEARSALS["desync"], *desync_reports())
    host, guest = desync_reports()
    host["desync_events"][0]["seen_tick"] = 340
    with pytest.raises(CheckFailed, match="detected 40 ticks after the flip"):
        judge(REHEARSALS["desync"], host, guest)
    host, guest = desync_reports()
    guest["desync_events"][1]["differences"] = []
    with pytest.raises(CheckFailed, match="cells named"):
        judge(REHEARSALS["desync"], host, guest)
    host, guest = desync_reports()
    guest["resyncs"] = 0
    with pytest.raises(CheckFailed, match="healed"):
        judge(REHEARSALS["desync"], host, guest)


@pytest.mark.parametrize(
    ("delays", "message"),
    [
        ([], "never rose"),
        ([[600, 0, "8"], [600, 1, "8"]], "never fell"),
        ([[600, 0, "8"], [600, 1, "8"], [1700, 0, "2"]], "player 1 never fell"),
    ],
)
def test_ramp_needs_the_delay_to_rise_and_fall_on_both(delays: list[list[Any]], message: str) -> None:
    log = [[1, tick, "delay", place, value] for tick, place, value in delays]
    host, guest = reports()
    host["log"] = guest["log"] = log
    with pytest.raises(CheckFailed, match=message):
        judge(REHEARSALS["ramp"], host, guest)
