"""Calls of kernels by address."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from physics_fixed.at_once import place_at_once
from physics_fixed.far_calls import Bundle, call_far, far_arguments
from physics_fixed.jit import form, kernel
from physics_fixed.layout import Bytes, Words

ROOT = Path(__file__).resolve().parents[2]
PARTS = "Tuple((int64[:,::1],uint8[::1]))"


@kernel(f"int64(int64,int64[::1],int64,{PARTS},int64[:,:,::1])")
def add_up(first: int, row: Words, factor: int, parts: tuple[Words, Bytes], cube: Words) -> int:
    """A sum to which each argument contributes by its shape and its cells."""
    table, small = parts
    total = first + factor * row[0] + row[len(row) - 1]
    for a in range(table.shape[0]):
        for b in range(table.shape[1]):
            total += table[a, b] << b
    for cell in small:
        total += cell
    return total + cube[1, 0, 2] + cube[0, 1, 0] * cube.shape[2]


@kernel("void(int64[::1],int64)")
def write(row: Words, value: int) -> None:
    """Write a number into the first cell."""
    row[0] = value


@kernel("int64(int64[::1],int64,int64[::1])")
def call_both(bundle: Words, first: int, row: Words) -> int:
    """Call what is in a bundle."""
    call_far(bundle, 1, write, (row, first + 1))
    total: int = call_far(bundle, 0, add_up, (first, row))
    return total


@form(f"void({PARTS},int64,int64[::1])")
def kept(parts: tuple[Words, Bytes], number: int, row: Words) -> None:
    """What is to be had without a call."""


@kernel("int64(int64[::1])")
def read(bundle: Words) -> int:
    """A sum of what a bundle holds, and a number written into it."""
    (table, small), number, row = far_arguments(bundle, 1, kept)
    row[0] = number
    total: int = table[2, 1] * 100 + small[1] * 10 + row[2] + len(row)
    return total


def arguments() -> tuple[Any, ...]:
    cells = np.arange(12, dtype=np.int64)
    parts = cells[:6].reshape(3, 2), np.array([250, 7], np.uint8)
    return 5, parts, cells.reshape(2, 2, 3) * 100


def test_arguments_of_all_types_arrive() -> None:
    rest, row = arguments(), np.array([40, 50, 60], np.int64)
    bundle = Bundle(((add_up, rest), (write, ())))
    assert call_both(bundle.words, 3, row) == add_up(3, row, *rest)
    assert row[0] == 4
    row[2] += 1
    rest[1][1][0] = 3  # the bundle names the memory, it holds no copy
    assert call_both(bundle.words, 3, row) == add_up(3, row, *rest)


def test_memory_lives_as_long_as_the_bundle() -> None:
    row = np.zeros(3, np.int64)
    expected = add_up(1, np.array([2, 0, 0], np.int64), *arguments())
    bundle = Bundle(((add_up, arguments()), (write, ())))
    spare = [np.full(12, -1, np.int64) for _ in range(100)]
    assert call_both(bundle.words, 1, row) == expected
    assert len(spare) == 100


def test_what_a_form_holds_arrives() -> None:
    cells, row = np.arange(6, dtype=np.int64).reshape(3, 2), np.array([40, 50, 60], np.int64)
    bundle = Bundle(((write, ()), (kept, ((cells, np.array([250, 7], np.uint8)), 77, row))))
    assert read(bundle.words) == 500 + 70 + 60 + 3
    assert row[0] == 77


@pytest.mark.skipif(os.environ.get("LOCKSTEP_COMPILER") == "off", reason="the interpreter looks at no types")
def test_a_form_wants_all_that_it_names() -> None:
    cells = np.zeros((3, 2), np.int64), np.zeros(2, np.uint8)
    with pytest.raises(TypeError, match="which takes 3"):
        Bundle(((kept, (cells, 77)),))
    with pytest.raises(TypeError, match="allowed: int64"):
        Bundle(((kept, (cells, 77.5, np.zeros(1, np.int64))),))


@pytest.mark.skipif(os.environ.get("LOCKSTEP_COMPILER") == "off", reason="the interpreter looks at no types")
@pytest.mark.parametrize("place", range(3))
def test_other_types_are_refused(place: int) -> None:
    right = arguments()
    for wrong in (None, 1.5, np.zeros(3), np.zeros((2, 2), np.int32), right[1][0].T, (1, 2), right[1][:1]):
        with pytest.raises(TypeError, match="allowed: "):
            Bundle(((add_up, (*right[:place], wrong, *right[place + 1 :])),))


@pytest.mark.skipif(os.environ.get("LOCKSTEP_COMPILER") == "off", reason="the interpreter looks at no types")
def test_too_many_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match="which takes 5"):
        Bundle(((add_up, (1, np.zeros(1, np.int64), *arguments(), 1)),))


def test_the_interpreter_calls_the_same() -> None:
    """In a process of its own, for the switch is read once."""
    program = (
        "import numpy as np; from tests.physics_fixed.test_far_calls import *\n"
        "row = np.array([40, 50, 60], np.int64)\n"
        "bundle = Bundle(((add_up, arguments()), (write, ())))\n"
        "print(call_both(bundle.words, 3, row), row)\n"
        "held = (np.arange(6).reshape(3, 2), np.array([250, 7], np.uint8)), 77, row\n"
        "print(read(Bundle(((write, ()), (kept, held))).words), row)"
    )
    printed = []
    for switch in ("on", "off"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "LOCKSTEP_COMPILER": switch}
        done = subprocess.run(
            [sys.executable, "-P", "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        printed.append(done.stdout)
    assert printed[0] == printed[1] != ""


@pytest.mark.skipif(os.environ.get("LOCKSTEP_COMPILER") == "off", reason="the interpreter looks at no types")
def test_kernels_without_an_address_are_refused() -> None:
    with pytest.raises(TypeError, match="has no address"):
        Bundle(((place_at_once, ()),))
