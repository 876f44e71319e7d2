"""What a fuzzer's run says: figures if all was well, a failure and the command that shows it again if not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

Figures = dict[str, int]


class CheckFailed(AssertionError):
    """What was checked does not hold.

    Parameters
    ----------
    text : str
        What was found, with the values.
    reproduce : str or None
        The command that shows it again, where it is another than that of the fuzzer being run.
    """

    def __init__(self, text: str, *, reproduce: str | None = None) -> None:
        super().__init__(text)
        self.reproduce = reproduce


def require(condition: object, text: str) -> None:
    """Raise `CheckFailed` with the text unless the condition is true."""
    if not condition:
        raise CheckFailed(text)


@dataclass(slots=True)
class Report:
    """Outcome of several runs of one fuzzer; `seconds` is filled by whoever holds a clock."""

    fuzzer: str
    seed: int
    runs: int = 0
    failures: int = 0
    seconds: float = 0.0
    figures: Figures = field(default_factory=dict)

    def add(self, figures: Mapping[str, int]) -> None:
        """Add one run's figures: a `..._max` keeps the largest, a `..._min` the smallest, others sum up."""
        self.figures = merge_figures(self.figures, figures)

    def line(self) -> str:
        """The report as one line of JSON."""
        head = {
            "fuzzer": self.fuzzer,
            "seed": self.seed,
            "runs": self.runs,
            "failures": self.failures,
            "seconds": round(self.seconds, 3),
        }
        return json.dumps({**head, **dict(sorted(self.figures.items()))})


def merge_figures(total: Mapping[str, int], figures: Mapping[str, int]) -> Figures:
    """Both figures as one; the rule of `Report.add`."""
    merged = dict(total)
    for name, value in figures.items():
        if name not in merged:
            merged[name] = value
        elif name.endswith("_max"):
            merged[name] = max(merged[name], value)
        elif name.endswith("_min"):
            merged[name] = min(merged[name], value)
        else:
            merged[name] += value
    return merged
