"""Strict reading of JSON objects: the error of a wrong field says what, where and what is allowed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import NoReturn

from lockstep.terminal.errors import MalformedMessage, shorten


class _Refused(ValueError):
    """Something the JSON grammar admits and this protocol does not."""


def _refuse_constant(name: str) -> NoReturn:
    raise _Refused(f"the number {name}")


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for index, key in enumerate(keys) if key in keys[:index])
        raise _Refused(f"the key {shorten(twice)} twice")
    return found


def parse_object(text: str, *, size_max: int) -> dict[str, object]:
    """Parse one JSON object.

    Parameters
    ----------
    text : str
        The message.
    size_max : int
        Bound on its size in bytes as UTF-8.

    Returns
    -------
    dict
        Values are None, bool, int, finite float, str, list, dict.

    Raises
    ------
    MalformedMessage
        Too long, not JSON, NaN or infinity, a key twice, nested too deeply, not an object.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > size_max:
        raise MalformedMessage(
            f"a message of {size} bytes", where="message", allowed=f"at most {size_max} bytes"
        )
    try:
        found = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except _Refused as error:
        raise MalformedMessage(str(error), where="message", allowed="finite numbers, each key once") from None
    except RecursionError:
        raise MalformedMessage(
            "nested too deeply", where="message", allowed="the documented messages"
        ) from None
    except ValueError as error:
        raise MalformedMessage(f"not JSON ({error})", where="message", allowed="one JSON object") from None
    if not isinstance(found, dict):
        raise MalformedMessage(shorten(found), where="message", allowed="one JSON object")
    return found


def check_keys(
    found: dict[str, object], required: Sequence[str], optional: Sequence[str], *, where: str
) -> None:
    """Refuse a missing or an unknown key.

    Raises
    ------
    MalformedMessage
        Names the first offending key.
    """
    listing = ", ".join((*required, *(f"{name} (optional)" for name in optional)))
    for name in required:
        if name not in found:
            raise MalformedMessage(f"no {name}", where=where, allowed=listing)
    for name in found:
        if name not in required and name not in optional:
            raise MalformedMessage(f"unknown key {shorten(name)}", where=where, allowed=listing)


def read_integer(value: object, low: int, high: int, *, where: str) -> int:
    """Check an integer, `low` and `high` included.

    Raises
    ------
    MalformedMessage
        Another type (a boolean, a float) or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise MalformedMessage(shorten(value), where=where, allowed=f"an integer from {low} to {high}")
    return value


def read_number(value: object, low: float, high: float, *, where: str) -> float:
    """Check a number, `low` and `high` included.

    Raises
    ------
    MalformedMessage
        Another type, not finite, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise MalformedMessage(shorten(value), where=where, allowed=f"a number from {low:g} to {high:g}")
    return float(value)


def read_text(value: object, size_max: int, *, where: str) -> str:
    """Check a text of at most `size_max` characters.

    Raises
    ------
    MalformedMessage
        Another type or too long.
    """
    if not isinstance(value, str) or len(value) > size_max:
        raise MalformedMessage(
            shorten(value), where=where, allowed=f"a text of at most {size_max} characters"
        )
    return value


def read_choice(value: object, choices: Sequence[str], *, where: str) -> str:
    """Check that a text is one of `choices`.

    Raises
    ------
    MalformedMessage
        It is not; the error lists them.
    """
    if not isinstance(value, str) or value not in choices:
        raise MalformedMessage(shorten(value), where=where, allowed="one of " + ", ".join(choices))
    return value


def read_list(value: object, count_max: int, *, where: str) -> list[object]:
    """Check a list of at most `count_max` items.

    Raises
    ------
    MalformedMessage
        Another type or too many.
    """
    if not isinstance(value, list) or len(value) > count_max:
        raise MalformedMessage(shorten(value), where=where, allowed=f"a list of at most {count_max} items")
    return value


def read_object(value: object, *, where: str) -> dict[str, object]:
    """Check a JSON object.

    Raises
    ------
    MalformedMessage
        It is something else.
    """
    if not isinstance(value, dict):
        raise MalformedMessage(shorten(value), where=where, allowed="an object")
    return value


def is_finite_number(value: object) -> bool:
    """Whether a JSON value is a number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
