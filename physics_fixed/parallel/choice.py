"""Whether sharing steps among threads pays: learned from how long steps take."""

from __future__ import annotations

_WEIGHT = 8  # a new step counts for an eighth of the mean
_WEIGHT_PROBE = 2  # and one that looks at the other way, of which there are few, for half
_FIRST_STEPS = 8  # shared ones before the first comparison
_PROBE_MIN = 32  # steps between two looks at the other way
_PROBE_MAX = 128
_HITCH = 4  # a step counts as no more than so many times the mean
_CLEAR = 2  # so many times slower: looked at more and more seldom


class Choice:
    """Chooses between stepping alone and sharing, by the mean time that either takes for its work.

    On a machine whose processors are all busy, a step that shares waits for helpers that do not get to run;
    alone it is faster then. So now and then a step goes the way that was slower before. The choice decides
    about time only: both ways give the same bits.
    """

    __slots__ = ("_interval", "_is_probe", "_means", "_steps", "_until_probe", "shares")

    def __init__(self) -> None:
        self.shares = True
        self._means = [0, 0]  # of steps alone and of shared ones, ns for 1024 things; 0: not known yet
        self._steps = 0
        self._is_probe = False
        self._interval = _PROBE_MIN
        self._until_probe = _FIRST_STEPS

    def note(self, duration_ns: int, work: int) -> None:
        """Take in how long the last step took, and choose for the next one."""
        self._steps += 1
        if self._steps == 1:  # helpers were still being made
            return
        cost = max(1, duration_ns * 1024 // work)
        before = self._means[self.shares]
        if before:
            cost = min(cost, _HITCH * before)
        weight = _WEIGHT_PROBE if self._is_probe else _WEIGHT
        self._means[self.shares] = cost if before == 0 else before + (cost - before) // weight
        self._until_probe -= 1
        alone, shared = self._means
        best = shared <= alone or alone == 0
        self._is_probe = self._until_probe == 0
        if not self._is_probe:
            self.shares = best
            return
        self.shares = not best
        self._interval = _PROBE_MIN
        if alone and shared and max(alone, shared) > _CLEAR * min(alone, shared):
            self._interval = min(2 * self._interval, _PROBE_MAX)
        self._until_probe = self._interval
