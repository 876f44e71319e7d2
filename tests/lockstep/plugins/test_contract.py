"""Goal: what is not deterministic, or overwrites another plugin, is refused by name and line.

Method: one small plugin for each mistake.
"""

from __future__ import annotations

import importlib.util
import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lockstep.errors import PluginError, PluginExists, PluginSourceError
from lockstep.plugins.contract import observer, plugin, register, spec_of
from physics_fixed.errors import SchemaError
from physics_fixed.tables import Column


@plugin("test/first@1", columns=[Column("a", "int")])
class First:
    """A plugin."""


@plugin("test/first@1", columns=[Column("b", "int")])
class Second:
    """Another plugin under the same id."""


@plugin("test/third@1", columns=[Column("b", "int")], requires=[First])
class Third:
    """A plugin that needs the first."""


def test_an_overwrite_of_a_plugin_id_is_refused_and_names_both() -> None:
    with pytest.raises(PluginExists, match=r"test/first@1 is taken by .*First; refused for .*Second"):
        register([First, Second])


def test_requirements_stand_before() -> None:
    with pytest.raises(PluginError, match=r"test/third@1 needs test/first@1 before it; before it: none"):
        register([Third, First])
    assert [spec.name for spec in register([First, Third])] == ["test/first@1", "test/third@1"]


def test_declarations_are_checked_where_they_stand() -> None:
    with pytest.raises(PluginError, match="no columns and no hook"):
        plugin("test/empty@1")(type("Empty", (), {}))
    with pytest.raises(PluginError, match="has a hook 'observe'"):
        plugin("test/odd@1")(type("Odd", (), {"observe": lambda self, view: None}))
    with pytest.raises(PluginError, match="has a hook 'tick'"):
        observer("test/odd@1")(type("Odd", (), {"tick": lambda self, tick, rows: None}))
    with pytest.raises(PluginError, match="'slot_id' is there already"):
        plugin("test/odd@1", columns=[Column("slot_id", "id")])
    with pytest.raises(SchemaError, match="twice"):
        plugin("test/odd@1", columns=[Column("a", "int"), Column("a", "int")])
    with pytest.raises(PluginError, match="is no plugin; declare it"):
        spec_of(int)
    with pytest.raises(SchemaError, match="state is integers only"):
        Column("speed", "int", dtype="float64")


HEADER = """
import math
import random
import time as clock
from time import monotonic
import numpy as np
from lockstep.plugins.contract import plugin
SPEED = 1.5
SEEN = {1, 2}
MEMORY = []
LIMIT = 10
def twice(x): return x * 2
def half(x):
    return x / 2
def show(speed: float) -> None: ...
@plugin("test/planted@1")
class Planted:
    def setup(self, setup):
        self.rows = setup.rows
    def tick(self, tick, rows):
        x = LIMIT
        BODY
"""
BODY_LINE = HEADER.split("\n").index("        BODY") + 1


@pytest.fixture(name="planted")
def _planted(tmp_path: Path) -> Iterator[Any]:
    names: list[str] = []

    def plant(body: str) -> type[Any]:
        path = tmp_path / f"planted_{len(names)}.py"
        path.write_text(HEADER.replace("BODY", body))
        name = f"planted_for_test_{len(names)}"
        names.append(name)
        linecache.clearcache()
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        planted: type[Any] = module.Planted
        return planted

    yield plant
    for name in names:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x = x * 0.5", "the literal 0.5 is a float"),
        ("x = x / 2", "the operator / makes a float"),
        ("x /= 2", "the operator / makes a float"),
        ("x = x ** -1", "negative power"),
        ("x = float(x)", r"float\(\)"),
        ("x = x * SPEED", r"SPEED is the float 1.5"),
        ("x = math.sin(x)", r"math.sin makes floats"),
        ("x = np.sqrt(x)", r"numpy.sqrt makes floats"),
        ("x = np.random.default_rng()", r"numpy.random"),
        ("x = rows['a'].mean()", r"mean\(\) makes floats"),
        ("for y in {1, 2}: x += y", "this is a set"),
        ("x = {y for y in (1, 2)}", "this is a set"),
        ("x = sorted(set((1, 2)))", r"set\(\): sets have no order"),
        ("x = 1 in SEEN", "SEEN is a set"),
        ("x = clock.time()", "time.time: clocks differ"),
        ("x = monotonic()", r"time.monotonic: clocks differ"),
        ("x = random.random()", r"chance differs between cores; use tick.rng"),
        ("import datetime", "this imports 'datetime'"),
        ("x = hash('text')", r"hash\(\)"),
        ("x = id(rows)", r"id\(\) is an address"),
        ("self.speed = 3", "this sets self.speed: an attribute is not saved"),
        ("MEMORY.append(x)", "MEMORY is a list that outlives the tick"),
        ("global SPEED; SPEED = 2", "declares SPEED global"),
        ("open('file')", "files are not state"),
    ],
)
def test_what_is_not_deterministic_is_refused_with_its_line(planted: Any, body: str, message: str) -> None:
    with pytest.raises(PluginSourceError, match=message) as caught:
        register([planted(body)])
    assert f".py:{BODY_LINE}: plugin test/planted@1: " in str(caught.value)


def test_functions_that_a_plugin_calls_are_read_as_well(planted: Any) -> None:
    with pytest.raises(PluginSourceError, match="operator /") as caught:
        register([planted("x = half(x)")])
    assert f".py:{HEADER.split(chr(10)).index('    return x / 2') + 1}: " in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        "x = twice(LIMIT) // 3",
        "x = math.isqrt(49) + np.int64(3)",
        "x: float = 3",
        "show(x)",
        "clock = {'a': 1}; x = clock['a']",
        "x = [y for y in (1, 2)]",
    ],
)
def test_what_is_deterministic_passes(planted: Any, body: str) -> None:
    register([planted(body)])


def test_a_plugin_without_source_is_refused() -> None:
    namespace: dict[str, Any] = {"__name__": "nowhere"}
    exec("class Blind:\n    def tick(self, tick, rows): pass\n", namespace)  # noqa: S102
    with pytest.raises(PluginSourceError, match="cannot be read"):
        register([plugin("test/blind@1")(namespace["Blind"])])
