"""Goal: ids never come back, names and plugin ids are strict. Method: named cases."""

from __future__ import annotations

import pytest

from lockstep.errors import PluginError, WorldError
from lockstep.ids import format_id, generation_of, make_id, name_key, parse_plugin_id, row_of


def test_parts_of_an_id() -> None:
    slot_id = make_id(7, 3)
    assert (row_of(slot_id), generation_of(slot_id), format_id(slot_id)) == (7, 3, "7.3")
    assert format_id(0) == "none"


def test_name_keys_are_stable_and_never_none() -> None:
    assert name_key("floor") == name_key("floor") != name_key("Floor")
    assert 0 < name_key("floor") < 1 << 63
    with pytest.raises(WorldError, match="allowed: 1 to 64"):
        name_key("")


def test_plugin_ids() -> None:
    spin = parse_plugin_id("example/spin@12")
    assert (spin.maker, spin.name, spin.version, str(spin)) == ("example", "spin", 12, "example/spin@12")


@pytest.mark.parametrize(
    "text", ["spin", "example/spin", "example/spin@0", "Example/spin@1", "a/b@1 ", "a/b@01", "/b@1"]
)
def test_bad_plugin_ids_are_refused(text: str) -> None:
    with pytest.raises(PluginError, match="maker/name@version"):
        parse_plugin_id(text)
