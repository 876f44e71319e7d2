"""Numbers that callers write, checked against their ranges and turned into raw integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from physics_fixed.errors import NumberError
from physics_fixed.fixmath.quat import normalize_q30
from physics_fixed.layout import FILTER_BITS, FILTER_GROUP_SHIFT, FILTER_MASK
from physics_fixed.scale import Number, to_raw, to_text

GROUP_BOUND = 1 << 15
"""Groups of a filter are signed numbers of 16 bits."""

_Q30 = 30
_DIGITS_HAIR = 9
_NO_ROWS = (str, bytes, bytearray, Mapping, type)  # they have a length, but hold no numbers in order


def is_whole(value: object) -> bool:
    """Whether a value is an int of Python or numpy, and no truth value."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def whole(value: int, low: int, high: int, name: str) -> int:
    """A whole number in a range.

    Raises
    ------
    NumberError
        Otherwise.
    """
    if not is_whole(value) or not low <= value <= high:
        raise NumberError(f"{name} = {value!r}; allowed: whole numbers from {low} to {high}")
    return int(value)


def switch(name: str, *, on: bool) -> bool:
    """A truth value: not whatever counts as true, for the text "no" does.

    Raises
    ------
    NumberError
        If it is something else.
    """
    if not isinstance(on, (bool, np.bool_)):
        raise NumberError(f"{name} = {on!r}; allowed: True, False")
    return bool(on)


def is_row(given: object) -> bool:
    """Whether a value has a length and things at numbers: a sequence or an array, no text, no set."""
    if type(given) in (tuple, list):  # nearly always
        return True
    has_order = hasattr(given, "__len__") and hasattr(given, "__getitem__")
    return has_order and not isinstance(given, _NO_ROWS) and getattr(given, "ndim", 1) > 0


def row_of_many(given: Any, count: int | None, name: str, allowed: str) -> Sequence[Any]:
    """A sequence or an array, of so many things if a count is given.

    Raises
    ------
    NumberError
        If it is neither, or has more or fewer.
    """
    if not is_row(given) or (count is not None and len(given) != count):
        raise NumberError(f"{name} = {given!r}; allowed: {allowed}")
    result: Sequence[Any] = given
    return result


def integers(given: Any, name: str) -> np.ndarray[Any, np.dtype[Any]]:
    """An array of integers of any shape, from an array or nested sequences.

    Raises
    ------
    NumberError
        If it holds anything else, or its rows differ in length.
    """
    try:
        array = np.asarray(given)
    except (ValueError, TypeError):
        raise NumberError(f"{name} has rows of different lengths; allowed: an array of integers") from None
    if array.size and array.dtype.kind not in "iu":
        raise NumberError(f"{name} is an array of {array.dtype}; allowed: raw integers of up to 63 bits")
    return array


def ranged(
    value: Number | None, raw: int | None, bits: int, low: int, high: int, name: str, unit: str = ""
) -> int:
    """A number given as text and the like, or as raw, checked against its range.

    Raises
    ------
    NumberError
        If both are given or none, or the value is no number or out of range.
    """
    if raw is not None and value is not None:
        raise NumberError(f"{name} is given twice: {value!r} and the raw number {raw!r}")
    if raw is None:
        if value is None:
            raise NumberError(f"{name} is missing; allowed: {to_text(low, bits)} to {to_text(high, bits)}")
        raw = to_raw(value, bits, name)
    elif type(raw) is not int and not is_whole(raw):
        raise NumberError(f"{name} = {raw!r} as a raw number; allowed: integers with {bits} fraction bits")
    result = int(raw)
    if not low <= result <= high:
        suffix = f" {unit}" if unit else ""
        raise NumberError(
            f"{name} = {text_beyond(result, bits, low, high)}{suffix} is out of range; "
            f"allowed: {to_text(low, bits)} to {to_text(high, bits)}{suffix}"
        )
    return result


def text_beyond(raw: int, bits: int, low: int, high: int) -> str:
    """A number outside a range as decimal text that is not that of the bound it has passed by a hair."""
    text = to_text(raw, bits)
    return to_text(raw, bits, _DIGITS_HAIR) if text in (to_text(low, bits), to_text(high, bits)) else text


def ranged_vector(
    values: Sequence[Number] | None,
    raw: Sequence[int] | None,
    bits: int,
    bound: int,
    name: str,
    unit: str,
    *,
    must: bool = False,
) -> tuple[int, int, int]:
    """Three numbers as raw integers, each at most ``bound`` in magnitude.

    If they are missing they are zero, or refused if they ``must`` be there.

    Raises
    ------
    NumberError
        If there are not three, both forms are given, or one is no number or out of range.
    """
    if values is not None and raw is not None:
        raise NumberError(f"{name} is given twice: {values!r} and the raw numbers {raw!r}")
    if raw is not None and type(raw) in (tuple, list) and len(raw) == 3:
        x, y, z = raw
        if type(x) is type(y) is type(z) is int and max(abs(x), abs(y), abs(z)) <= bound:
            return x, y, z  # nearly always, and once or more for each input of each tick
    given = values if values is not None else raw
    if given is None:
        if must:
            raise NumberError(f"{name} is missing; allowed: three numbers, along x, y and z")
        return 0, 0, 0
    row_of_many(given, 3, name, "three numbers, along x, y and z")
    parts = []
    for axis in range(3):
        label = f"{name} {'xyz'[axis]}"
        if values is not None:
            parts.append(ranged(values[axis], None, bits, -bound, bound, label, unit))
        else:
            assert raw is not None
            parts.append(ranged(None, raw[axis], bits, -bound, bound, label, unit))
    return parts[0], parts[1], parts[2]


def unit_quaternion_q30(
    values: Sequence[Number] | None, raw: Sequence[int] | None
) -> tuple[int, int, int, int]:
    """A rotation (x, y, z, w), scaled to unit length; the identity if missing.

    Raises
    ------
    NumberError
        If there are not four numbers, or all are zero, or one is no number or far from a unit quaternion's.
    """
    given = values if values is not None else raw
    if given is None:
        return 0, 0, 0, 1 << _Q30
    if values is not None and raw is not None:
        raise NumberError(f"rotation is given twice: {values!r} and the raw numbers {raw!r}")
    row_of_many(given, 4, "rotation", "a quaternion of four numbers x, y, z, w")
    bound = 2 << _Q30
    parts = [
        ranged(
            None if values is None else values[part], None if raw is None else raw[part], _Q30, -bound, bound,
            f"rotation {'xyzw'[part]}",
        )
        for part in range(4)
    ]  # fmt: skip
    if not any(parts):
        raise NumberError(f"rotation = {given!r}: a quaternion of length zero is no rotation")
    x, y, z, w = normalize_q30(parts[0], parts[1], parts[2], parts[3])
    return int(x), int(y), int(z), int(w)


def filter_of(category: int, mask: int, group: int) -> int:
    """Column ``filter`` of a body in these categories, that meets those of the mask, in a group.

    Raises
    ------
    NumberError
        If a number is out of range, or the category is empty.
    """
    own = whole(category, 1, FILTER_MASK, "category")
    met = whole(mask, 0, FILTER_MASK, "mask")
    mates = whole(group, -GROUP_BOUND, GROUP_BOUND - 1, "group")
    return mates << FILTER_GROUP_SHIFT | met << FILTER_BITS | own
