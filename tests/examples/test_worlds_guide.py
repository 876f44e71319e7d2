"""Goal: what docs/WORLDS.md shows works. Method: its Python blocks, in order, are one world file; play it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from lockstep.core.worlds import load_world
from lockstep.inputs import TickInputs
from lockstep.world import World

GUIDE = Path(__file__).parents[2] / "docs" / "WORLDS.md"


def test_the_guide_is_a_world(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), flags=re.DOTALL | re.MULTILINE)
    path = tmp_path / "guide_world.py"
    path.write_text("from __future__ import annotations\n\n" + "\n\n".join(blocks))
    definition = load_world(str(path))
    module = sys.modules[definition.build.__module__]
    world = module.play()
    assert world.slots[world.slots.find("avatar 0")].position_q24[2] < 0
    assert world.plugin(module.Watch).highest > 0.5
    heights = []
    for _ in range(120):
        world.advance(TickInputs(world.tick))
        heights.append(world.slots[world.slots.find("crate")].position_q24[1] / 2**24)
    assert max(heights) > 0.9, "the crate hops"
    module.check()
    assert World(definition, seed=2).slots.find("bulb")
