"""A step on several threads beside the same step on one.

Both take turns, step by step, from the same state, so that whatever the machine does to one it does to the
other. The whole is repeated, and of each step the shortest wall time counts: the runs are the same, so the
work of a step is. On a machine that others use, too, that is the time that the step takes where it is let; so
that two threads are not put on one busy processor, each gets one of its own where the system allows that.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import threading
import time
from collections.abc import Iterator

from fuzz.scenes.large import build

_SETTLING = 300  # steps before the first that is timed


@contextlib.contextmanager
def apart(threads: int) -> Iterator[None]:
    """Put this thread and the helpers of steps on processors of their own, if there are as many."""
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < threads:
        yield
        return
    processors = sorted(os.sched_getaffinity(0))
    helpers = {each.name: each.native_id for each in threading.enumerate()}
    for lane in range(1, threads):
        os.sched_setaffinity(helpers[f"lockstep-{lane}"] or 0, {processors[lane]})
    os.sched_setaffinity(0, {processors[0]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, processors)


def bench_threads(*, scene: str, threads: int, steps: int, repeats: int, settling: int = _SETTLING) -> str:
    """Measure; return the figures as one line of JSON.

    ``ms_one`` and ``ms_several`` are medians over the steps of the shortest wall times, ``speed_up`` is their
    ratio. The steps are shared even where the space would choose not to.
    """
    alone, shared = build(scene), build(scene)
    alone.threads, shared.threads = 1, threads
    shared._scratch.crew.always = True
    for _ in range(settling):
        shared.step()
    begin = shared.snapshot()
    fastest: dict[str, list[int]] = {"one": [1 << 62] * steps, "several": [1 << 62] * steps}
    is_equal = True
    with apart(threads):
        for _ in range(repeats):
            for space in (alone, shared):
                space.restore(begin)
            for index in range(steps):
                for name, space in (("one", alone), ("several", shared)):
                    before = time.perf_counter_ns()
                    space.step()
                    spent = time.perf_counter_ns() - before
                    fastest[name][index] = min(fastest[name][index], spent)
            is_equal &= alone.hash() == shared.hash()
    one, several = (statistics.median(times) / 1e6 for times in (fastest["one"], fastest["several"]))
    return json.dumps(
        {
            "bench": "threads",
            "scene": scene,
            "threads": threads,
            "bodies": alone.body_count,
            "contacts": alone.contacts.count,
            "steps": steps,
            "repeats": repeats,
            "ms_one": round(one, 3),
            "ms_several": round(several, 3),
            "speed_up": round(one / several, 2),
            "equal": is_equal,
        }
    )
