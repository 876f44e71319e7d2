"""First approximations from which Newton's iterations start."""

from __future__ import annotations

import math
from typing import Final

ROOT_SEED_FIRST: Final = 128
"""Index of the first entry of :data:`ROOT_SEEDS`: numbers in [1/4, 1) by their top 9 bits."""

ROOT_SEEDS: Final = tuple(
    # 2**15 / sqrt((top + 1/2) / 2**9) = sqrt(2**40 / (2 * top + 1)), rounded to nearest by doubling.
    (math.isqrt((1 << 42) // (2 * top + 1)) + 1) >> 1
    for top in range(ROOT_SEED_FIRST, 512)
)
"""1 / sqrt of the middle of each interval, Q15; relative error in the interval below 2**-8.9."""

RECIPROCAL_SEEDS: Final = tuple(((1 << 19) - 3 * (1 << 8)) // top for top in range(256, 512))
"""Seeds of reciprocals by the top 9 bits of the divisor; table 1 of Moeller and Granlund, see lowering."""
