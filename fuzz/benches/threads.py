"""A step on several threads beside the same step on one.

Both take turns, step by step, from the same state, so that whatever the machine does to one it does to the
other. The whole is repeated, and of each step the shortest wall time counts: the runs are the same, so the
work of a step is. On a machine that others use, too, that is the time that the step takes where it is let.
"""

from __future__ import annotations

import json
import statistics
import time

from fuzz.scenes.large import build

_SETTLING = 300  # steps before the first that is timed


def bench_threads(*, scene: str, threads: int, steps: int, repeats: int, settling: int = _SETTLING) -> str:
    """Measure; return the figures as one line of JSON.

    ``ms_one`` and ``ms_several`` are medians over the steps of the shortest wall times, ``speed_up`` is their
    ratio. The steps are shared even where the space would choose not to.
    """
    alone, shared = build(scene), build(scene)
    alone.threads, shared.threads = 1, threads
    for _ in range(settling):
        shared.step()
    begin = shared.snapshot()
    shared._scratch.crew.always = True
    fastest: dict[str, list[int]] = {"one": [1 << 62] * steps, "several": [1 << 62] * steps}
    is_equal = True
    for _ in range(repeats):
        for space in (alone, shared):
            space.restore(begin)
        for index in range(steps):
            for name, space in (("one", alone), ("several", shared)):
                before = time.perf_counter_ns()
                space.step()
                fastest[name][index] = min(fastest[name][index], time.perf_counter_ns() - before)
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
