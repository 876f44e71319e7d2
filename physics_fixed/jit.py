"""The kernel decorators: the only way in which code of this package gets compiled.

A kernel is a function on int64 numbers and integer arrays, with one explicit signature. It is compiled when
it is first needed, once, for that signature and no other, and its machine code is kept in the user's cache
folder (:mod:`physics_fixed.kernel_cache`).

With ``LOCKSTEP_COMPILER=off`` in the environment the decorators hand the functions back as they are, so that
the same sources run in plain CPython. That slow run is the oracle that compiled code is compared with, and an
overflow detector: the Python twins of the wide operations check every range that compiled code takes for
granted.

Three kinds, by who calls them, and :func:`form` for what is never called:

=====================  ================================================  ================================
decorator              called from                                       compiled code
=====================  ================================================  ================================
:func:`kernel`         Python and kernels                                a function with a Python wrapper
:func:`device_kernel`  kernels (from Python it runs in the interpreter)  a function; LLVM may inline it
:func:`inline_kernel`  kernels (from Python it runs in the interpreter)  always inlined into the caller
=====================  ================================================  ================================
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from physics_fixed.errors import ConfigurationError

Function = TypeVar("Function", bound=Callable[..., Any])


def _switch(variable: str, default: str) -> bool:
    value = os.environ.get(variable, default)
    if value not in ("on", "off"):
        raise ConfigurationError(f"environment variable {variable} is {value!r}; allowed: 'on', 'off'")
    return value == "on"


COMPILER_ON = _switch("LOCKSTEP_COMPILER", "on")
BOUNDS_CHECKED = _switch("LOCKSTEP_BOUNDSCHECK", "off")

if not COMPILER_ON:
    # The interpreter is the oracle: a sum that leaves int64 must not pass with a warning.
    np.seterr(over="raise", invalid="raise")


def kernel(signature: str) -> Callable[[Function], Function]:
    """Declare a compiled function that Python code calls.

    Parameters
    ----------
    signature : str
        numba signature with return type, for example ``"int64(int64[::1],int64)"``. The kernel has this one
        specialisation; a call with other types raises TypeError.
    """
    return _declare(signature, "entry")


def device_kernel(signature: str) -> Callable[[Function], Function]:
    """Declare a compiled function that only kernels call, too large to be inlined everywhere."""
    return _declare(signature, "device")


def inline_kernel(signature: str) -> Callable[[Function], Function]:
    """Declare a small compiled function that is always inlined into the kernels that call it."""
    return _declare(signature, "inline")


def form(signature: str) -> Callable[[Function], Function]:
    """Declare names and types of what a bundle holds beside calls, see :mod:`physics_fixed.far_calls`: a
    function that nobody calls, so that it is not compiled.
    """
    return _declare(signature, "form")


def unchecked(function: Function) -> Function:
    """A kernel as a function that does not look at the types of what it gets, once it is compiled.

    For the stages of a step, whose arrays come from tables and scratch alone: to look at twenty of them takes
    longer than what a kernel does with a few bodies. Other types than the signature's give nonsense.
    """
    return getattr(function, "entry", None) or function


def tuple_of_arguments(function: Callable[..., Any], first: int, end: int | None = None) -> str:
    """The type, for a signature, of a tuple with the arguments of a kernel from number ``first`` on, or with
    those before number ``end``.

    A kernel that calls many others takes what each of them wants as one tuple, and hands it over with a star.
    """
    text: str = function.signature_text  # type: ignore[attr-defined]
    arguments, depth, begin = [], 0, text.index("(") + 1
    for place in range(begin, len(text)):
        if text[place] in "([":
            depth += 1
        elif text[place] in ")]":
            depth -= 1
        if (text[place] == "," and depth == 0) or depth < 0:
            arguments.append(text[begin:place])
            begin = place + 1
    return f"Tuple(({','.join(arguments[first:end])},))"


def _declare(signature: str, kind: str) -> Callable[[Function], Function]:
    def decorate(function: Function) -> Function:
        if not COMPILER_ON:
            function.signature_text = signature  # type: ignore[attr-defined]
            return function
        from physics_fixed import compiler

        declared: Any = compiler.declare(function, signature, kind)
        return declared  # type: ignore[no-any-return]

    return decorate
