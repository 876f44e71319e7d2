"""Calls of kernels by address: many kernels in one call from Python, without their code in the caller.

A kernel that calls another directly takes its machine code in, and compiles it again. Who calls a dozen large
kernels one after the other needs their addresses only. And Python would have to hand over hundreds of arrays,
each of which it takes apart, although they are those of the step before. A *bundle* is what stays the same:
the address of each kernel, and all of its arguments but the first few, as words that a kernel loads.

Layout of the words: for the call of number k, word 2k is the address of the kernel, word 2k + 1 the place of
its first argument. An array is its address and its shape, a tuple its parts one after the other, a number
itself. What is to be had without a call stands in the bundle like the call of a *form*, at address 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from physics_fixed.jit import COMPILER_ON
from physics_fixed.layout import Words

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A kernel of the kind that Python calls, and its last arguments; or a form, and all of them."""


class Bundle:
    """Kernels with all of their arguments but the first few.

    Parameters
    ----------
    calls : sequence of Call
        By number.
    like : Bundle, optional
        One with mostly the same arrays, of which less has to be found out then.

    Attributes
    ----------
    words : array
        What a kernel takes of it; arrays in it are alive as long as the bundle is. In the interpreter it is
        the bundle itself.

    Raises
    ------
    TypeError
        If an argument is not of the type in the kernel's signature.
    """

    __slots__ = ("_arrays", "calls", "words")

    def __init__(self, calls: Sequence[Call], like: Bundle | None = None) -> None:
        self.calls = tuple(calls)
        self._arrays: dict[int, tuple[str, tuple[int, ...]]] = {}
        known = {} if like is None else like._arrays
        self.words: Words = self._find_words(known) if COMPILER_ON else self  # type: ignore[assignment]

    def _find_words(self, known: dict[int, tuple[str, tuple[int, ...]]]) -> Words:
        from physics_fixed.far_lowering import add_words, address_of

        head: list[int] = []
        tail: list[int] = []
        for function, rest in self.calls:
            address, wanted = address_of(function)
            head += address, 2 * len(self.calls) + len(tail)
            if len(rest) > len(wanted) or (not address and len(rest) != len(wanted)):
                raise TypeError(f"{len(rest)} arguments for {function}, which takes {len(wanted)}")
            for form, given in zip(wanted[len(wanted) - len(rest) :], rest, strict=True):
                add_words(form, given, tail, known, self._arrays)
        return np.array(head + tail, np.int64)


def call_far(bundle: Words, number: int, function: Callable[..., Any], first: tuple[Any, ...]) -> Any:
    """Call a kernel of a bundle, from a kernel.

    Parameters
    ----------
    bundle : array
        Words of a bundle.
    number : int
        Which of its calls.
    function : kernel
        Whose call it is.
    first : tuple
        The arguments before those in the bundle.
    """
    kept, rest = bundle.calls[number]  # type: ignore[attr-defined]
    assert kept is function, (kept, function)
    return function(*first, *rest)


def far_arguments(bundle: Words, number: int, function: Callable[..., Any]) -> Any:
    """What a bundle holds of a form, as a tuple, for a kernel.

    Parameters
    ----------
    bundle, number :
        As for :func:`call_far`.
    function : form
        Which form it is.
    """
    kept, rest = bundle.calls[number]  # type: ignore[attr-defined]
    assert kept is function, (kept, function)
    return rest


if COMPILER_ON:
    from physics_fixed.far_lowering import register_far_arguments, register_far_call

    register_far_call(call_far)
    register_far_arguments(far_arguments)
