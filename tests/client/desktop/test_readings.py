"""Net graph, toasts, and the choice of how many pixels to draw, with time and figures owned by the test."""

from __future__ import annotations

import numpy as np
import pytest

from client.desktop.flat import FlatShapes
from client.desktop.net_graph import AHEAD, DESYNC, ROLLBACK, SAMPLES_KEPT, STALLED, TICKS_FULL, NetGraph
from client.desktop.pacing import CALM_S_FIRST, PICTURES_JUDGED, SCALES, DrawScale
from client.desktop.toasts import BAD, FADE_S, GOOD, SHOWN_S, TOASTS_MAX, Toasts
from lockstep.terminal import HashState, NetFigures


def figures(
    *, ahead: int = 2, rollback: int = 0, stalled: bool = False, state: HashState = "agreed", judged: int = 90
) -> NetFigures:
    return NetFigures(
        tick=100,
        confirmed=96,
        held=98,
        ahead=ahead,
        rollback=rollback,
        delay=3,
        rtt_ms=41.6,
        jitter_ms=2.2,
        hash_tick=judged,
        hash_state=state,
        stalled=stalled,
        bytes_out_per_s=4321,
        packets_out_per_s=60,
        rollbacks=7,
        resimulated=20,
        stalls=1,
        desyncs=0,
        resyncs=0,
    )


def corners(shapes: FlatShapes, colour: tuple[int, int, int, int]) -> np.ndarray:
    vertices = shapes.vertices()
    return vertices["position"][(vertices["colour"] == np.array(colour, np.uint8)).all(axis=1)]


def test_figures_as_text() -> None:
    graph = NetGraph()
    assert graph.figures() == []
    graph.take(figures())
    graph.core_rtt_ms, graph.pictures_per_s = 1.4, 59.7
    found = {figure.name: figure.text for figure in graph.figures()}
    assert found["ahead"] == "2 ticks"
    assert found["delay"] == "3 ticks"
    assert found["round trip"] == "42 ms"
    assert found["out"] == "4.3 kB/s"
    assert found["to core"] == "1 ms"
    assert found["pictures"] == "60 /s"


@pytest.mark.parametrize(
    ("sample", "text"),
    [
        (figures(), "hash agreed at tick 90"),
        (figures(state="waiting", judged=-1), "hash waiting"),
        (figures(state="desync", stalled=True), "hash DESYNC at tick 90, waiting for another core"),
    ],
)
def test_verdict_on_the_hash(sample: NetFigures, text: str) -> None:
    graph = NetGraph()
    graph.take(sample)
    assert graph.hash_line()[0] == text


def test_bars_have_the_height_of_the_rollback() -> None:
    graph = NetGraph()
    graph.take(figures(rollback=TICKS_FULL // 2))
    shapes = FlatShapes()
    graph.draw(shapes, 100.0, 50.0, 260.0, 80.0)
    bars = corners(shapes, ROLLBACK)
    assert bars[:, 1].min() == 50.0
    assert bars[:, 1].max() == 90.0
    assert bars[:, 0].min() == pytest.approx(100.0 + 260.0 * (SAMPLES_KEPT - 1) / SAMPLES_KEPT)


def test_new_figures_move_the_curves() -> None:
    graph = NetGraph()
    seen = []
    for rollback in (3, 6):
        graph.take(figures(rollback=rollback))
        shapes = FlatShapes()
        graph.draw(shapes, 0.0, 0.0, 260.0, 80.0)
        seen.append(corners(shapes, ROLLBACK)[:, 1].max())
    assert seen == [20.0, 40.0]


def test_curves_end_at_the_top_for_values_beyond_the_scale() -> None:
    graph = NetGraph()
    for _ in range(3 * SAMPLES_KEPT):
        graph.take(figures(ahead=500))
    shapes = FlatShapes()
    graph.draw(shapes, 0.0, 0.0, 260.0, 80.0)
    curve = corners(shapes, AHEAD)
    assert curve[:, 1].max() <= 82.0
    assert curve[:, 0].min() >= -1.0
    assert curve[:, 0].max() <= 261.0


def test_stalls_and_desyncs_are_marked_over_the_whole_height() -> None:
    graph = NetGraph()
    graph.take(figures(stalled=True))
    graph.take(figures(state="desync"))
    graph.take(figures())
    shapes = FlatShapes()
    graph.draw(shapes, 0.0, 0.0, 260.0, 80.0)
    for colour in (STALLED, DESYNC):
        marked = corners(shapes, colour)
        assert marked[:, 1].max() - marked[:, 1].min() == 80.0
        assert marked[:, 0].max() - marked[:, 0].min() == pytest.approx(2.0)


def test_toasts_come_and_go() -> None:
    toasts = Toasts()
    toasts.add("joined", "Player 2 joined", 10.0)
    toasts.add("desync", "Desync at tick 7", 11.0)
    assert [(toast.text, toast.tone, toast.opacity) for toast in toasts.visible(11.0)] == [
        ("Player 2 joined", GOOD, 1.0),
        ("Desync at tick 7", BAD, 1.0),
    ]
    fading = toasts.visible(10.0 + SHOWN_S + FADE_S / 2)
    assert fading[0].opacity == pytest.approx(0.5)
    assert [toast.text for toast in toasts.visible(11.0 + SHOWN_S)] == ["Desync at tick 7"]
    assert toasts.visible(30.0) == []


def test_only_so_many_toasts() -> None:
    toasts = Toasts()
    for number in range(20):
        toasts.add("event", str(number), 1.0)
    assert [toast.text for toast in toasts.visible(1.0)] == [
        str(20 - TOASTS_MAX + n) for n in range(TOASTS_MAX)
    ]


class Display:
    """Pictures that take `cost_s` at full size, in proportion to the pixels otherwise."""

    def __init__(self, interval_s: float = 1 / 60) -> None:
        self.scale = DrawScale(interval_s)
        self.now_s = 0.0

    def show(self, cost_s: float, seconds: float) -> float:
        end = self.now_s + seconds
        while self.now_s < end:
            took = cost_s * self.scale.scale**2
            self.now_s += max(took, 1 / 60)
            self.scale.note(took, self.now_s)
        return self.scale.scale


def test_fast_pictures_stay_whole() -> None:
    assert Display().show(0.012, 30.0) == 1.0


def test_slow_pictures_get_coarser_until_they_are_fast_enough() -> None:
    display = Display()
    scale = display.show(0.040, 5.0)
    assert scale == SCALES[1]
    assert 0.040 * scale**2 < 0.026


def test_one_slow_picture_changes_nothing() -> None:
    display = Display()
    display.show(0.010, 1.0)
    display.scale.note(0.5, display.now_s)
    assert display.show(0.010, 1.0) == 1.0


def test_never_coarser_than_the_coarsest() -> None:
    assert Display().show(10.0, 2000.0) == SCALES[-1]


def test_pictures_get_whole_again_when_there_is_time() -> None:
    display = Display()
    display.show(0.040, 1.5)
    assert display.show(0.010, CALM_S_FIRST / 2) == SCALES[1]
    assert display.show(0.010, CALM_S_FIRST) == 1.0


def test_a_load_at_the_edge_does_not_swing() -> None:
    display = Display()
    changes, last = 0, 1.0
    for second in range(240):
        scale = display.show(0.044 if display.scale.scale == 1.0 else 0.020, 1.0)
        changes += scale != last
        last = scale
        assert second < 200 or scale == SCALES[1]
    assert changes <= 12


def test_a_slow_display_is_no_slow_picture() -> None:
    assert Display(interval_s=1 / 30).show(0.034, 10.0) == 1.0
    assert PICTURES_JUDGED > 2
