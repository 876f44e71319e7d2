"""Goal: a tick does what it says, from state and inputs alone. Method: a small world that logs its hooks."""

from __future__ import annotations

from types import ModuleType

import pytest

from lockstep.errors import PluginError, WorldError
from lockstep.inputs import PlayerTick, TickInput, TickInputs, encode_input
from lockstep.inputs.commands import Attach, Command, Destroy, Move, Spawn
from lockstep.inputs.layout import InputLayout
from lockstep.plugins.contract import observer, plugin
from lockstep.plugins.rows import Rows
from lockstep.world import Prefab, Tick, View, World, WorldDefinition
from lockstep.world.module import definition_of
from lockstep.world.slots import Vector
from lockstep.worlds.small import WORLD as SMALL
from physics_fixed.tables import Column

LAYOUT = InputLayout(buttons=("fire", "jump"), axes=("turn",))
METRE = 1 << 24


@plugin("test/log@1", columns=[Column("entry", "int"), Column("count", "int")])
class Log:
    """Writes down the calls of its hooks, as digits."""

    def joined(self, tick: Tick, rows: Rows, place: int) -> None:
        _note(tick, rows, 10 + place)

    def left(self, tick: Tick, rows: Rows, place: int) -> None:
        _note(tick, rows, 30 + place)

    def tick(self, tick: Tick, rows: Rows) -> None:
        for player in tick.players:
            if player.presses("fire"):
                _note(tick, rows, 50 + player.place)
            if player.releases("fire"):
                _note(tick, rows, 70 + player.place)
            if player.holds("jump") and player.axis("turn") > 0:
                _note(tick, rows, 80 + player.place)

    def step(self, tick: Tick, rows: Rows) -> None:
        for row in rows:
            row.count += 1

    def detached(self, tick: Tick, rows: Rows, slot_ids: list[int]) -> None:
        _note(tick, rows, 90 + len(slot_ids))


def _note(tick: Tick, rows: Rows, entry: int) -> None:
    row = rows.row(tick.slots.find("log"))
    row.entry = row.entry * 100 + entry


def _build(tick: Tick) -> None:
    tick.attach(tick.create("log"), Log)
    tick.create("rock", is_open=True)


def _make_thing(tick: Tick, position_q24: Vector, velocity_q24: Vector, place: int) -> int:
    slot_id = tick.create(position_q24=position_q24, is_open=True, owner=place)
    tick.attach(slot_id, Log, entry=tick.rng("thing").below(1000))
    return slot_id


DEFINITION = WorldDefinition(
    "log", _build, plugins=(Log,), inputs=LAYOUT, prefabs=(Prefab("thing", _make_thing),)
)


def _payload(buttons: int = 0, turn: int = 0, *commands: Command) -> bytes:
    return encode_input(TickInput(buttons, (turn,), commands), LAYOUT)


def _advance(world: World, payloads: dict[int, bytes], **changes: tuple[int, ...]) -> None:
    players = tuple(PlayerTick(place, payload, "confirmed") for place, payload in payloads.items())
    world.advance(TickInputs(world.tick, players, **changes))
    world.check()


def _entry(world: World) -> int:
    return int(world.rows(Log).row(world.slots.find("log")).entry)


def test_hooks_run_in_order_by_place() -> None:
    world = World(DEFINITION, seed=1)
    _advance(world, {}, joined=(2, 0))
    assert _entry(world) == 1012
    _advance(world, {2: _payload(1), 0: _payload(1)})
    assert _entry(world) == 10125052
    _advance(world, {2: _payload(1), 0: _payload(0)})
    assert _entry(world) % 10000 == 5270
    _advance(world, {2: _payload(2, 1)}, left=(0,))
    assert _entry(world) % 10**6 == 307282
    assert world.tick == 4 and world.rows(Log).row(world.slots.find("log")).count == 4


def test_the_same_inputs_give_the_same_state_whatever_their_order_and_status() -> None:
    a, b = World(DEFINITION, seed=1), World(DEFINITION, seed=1)
    ticks = [PlayerTick(place, _payload(place + 1, place), "confirmed") for place in range(3)]
    a.advance(TickInputs(0, tuple(ticks), (0, 1, 2)))
    disguised = tuple(PlayerTick(t.place, t.payload, "predicted") for t in reversed(ticks))
    b.advance(TickInputs(0, disguised, (2, 1, 0)))
    assert a.tables.hash() == b.tables.hash()


def test_a_restored_snapshot_goes_on_the_same_way() -> None:
    world = World(DEFINITION, seed=3)
    _advance(world, {}, joined=(0,))
    before = world.tables.snapshot()
    _advance(world, {0: _payload(1, 5, Spawn(0, (1024, 0, 0)))})
    after = world.tables.hash()
    fresh = World(DEFINITION, seed=99)
    fresh.tables.restore(fresh.tables.decode(world.tables.encode(before)))
    assert fresh.seed == 3
    _advance(fresh, {0: _payload(1, 5, Spawn(0, (1024, 0, 0)))})
    assert fresh.tables.hash() == after


def test_absent_strangers_and_garbage_are_neutral() -> None:
    a, b = World(DEFINITION, seed=1), World(DEFINITION, seed=1)
    for world, payload in ((a, b""), (b, b"\xff\xff\xff\xff")):
        _advance(world, {}, joined=(0,))
        _advance(world, {0: payload, 5: _payload(1)})
    assert a.tables.hash() == b.tables.hash()


def test_what_a_script_gets_of_a_player_cannot_be_altered() -> None:
    # The next simulation of the tick gets the same objects.
    players = World(DEFINITION, seed=1).players
    list(players.join((0,)))
    (player,) = players.read((PlayerTick(0, _payload(1), "confirmed"),))
    with pytest.raises(AttributeError):
        player.buttons = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        player.bits["fire"] = 2  # type: ignore[index]


def test_commands_apply_to_open_slots_only() -> None:
    world = World(DEFINITION, seed=1)
    rock, log = world.slots.find("rock"), world.slots.find("log")
    far = (2048, 0, 0)
    _advance(world, {0: _payload(0, 0, Move(log, far), Destroy(log), Attach(rock, log))}, joined=(0,))
    assert world.slots[log].position_q24 == (0, 0, 0)
    assert world.slots[rock].parent == 0
    _advance(world, {0: _payload(0, 0, Move(rock, far), Spawn(0, (1024, 0, 0)), Spawn(9, far))})
    assert world.slots[rock].position_q24 == (2 * METRE, 0, 0)
    thing = list(world.slots)[-1]
    assert thing.position_q24 == (METRE, 0, 0) and thing.owner == 0
    _advance(world, {0: _payload(0, 0, Attach(thing.id, rock))})
    assert thing.parent == rock
    _advance(world, {0: _payload(0, 0, Attach(rock, thing.id), Move(rock, (0, 0, 0)))})
    assert thing.position_q24 == (-METRE, 0, 0)
    _advance(world, {0: _payload(0, 0, Destroy(rock), Destroy(rock))})
    assert not thing.is_alive and len(world.rows(Log)) == 1
    assert _entry(world) % 100 == 91
    _advance(world, {0: _payload(0, 0, Destroy(rock), Move(rock, far))})


def test_commands_of_players_are_ordered_by_place_then_number() -> None:
    world = World(DEFINITION, seed=1)
    rock = world.slots.find("rock")
    late = _payload(0, 0, Move(rock, (2048, 0, 0)))
    early = _payload(0, 0, Move(rock, (1024, 0, 0)), Move(rock, (3072, 0, 0)))
    _advance(world, {1: late, 0: early}, joined=(0, 1))
    assert world.slots[rock].position_q24 == (2 * METRE, 0, 0)


def test_random_streams_depend_on_seed_and_tick() -> None:
    hashes = set()
    for seed in (1, 2):
        world = World(DEFINITION, seed=seed)
        _advance(world, {0: _payload(0, 0, Spawn(0, (0, 0, 0)))}, joined=(0,))
        hashes.add(world.rows(Log).row(list(world.slots)[-1].id).entry)
    assert len(hashes) == 2


def test_observers_see_everything_and_write_nothing() -> None:
    seen: list[int] = []

    @observer("test/watch@1", columns=[Column("colour", "int")])
    class Watch:
        def observe(self, view: View) -> None:
            seen.append(view.number)
            seen.append(int(view.rows(Log, "count")[0]))
            with pytest.raises(ValueError, match="read-only"):
                view.slots("position_q24")[0] = 1

    world = World(WorldDefinition("watched", _build, plugins=(Log, Watch), inputs=LAYOUT), seed=1)
    before = world.tables.hash()
    world.observe()
    assert world.tables.hash() == before
    _advance(world, {})
    world.observe()
    assert seen == [0, 0, 1, 1]


def test_terms_name_what_peers_must_share() -> None:
    world = World(DEFINITION, seed=7)
    terms = world.terms()
    assert terms["world"] == "log" and terms["plugins"] == ["test/log@1"] and terms["seed"] == 7
    assert terms["inputs"] == {"buttons": ["fire", "jump"], "axes": ["turn"], "absolute_axes": []}
    assert terms["schema"] == world.tables.schema_digest.hex()
    assert terms == World(DEFINITION, seed=7).terms()
    assert World(DEFINITION, seed=8).terms()["source"] == terms["source"]
    assert World(SMALL, seed=7).terms()["source"] != terms["source"]


def test_mistakes_in_a_definition_say_what_is_allowed() -> None:
    with pytest.raises(WorldError, match="allowed: 1 to 240"):
        WorldDefinition("x", _build, tick_rate=0)
    with pytest.raises(WorldError, match="prefab name 'a' of prefab 1 is taken by prefab 0"):
        WorldDefinition("x", _build, prefabs=(Prefab("a", _make_thing), Prefab("a", _make_thing)))
    with pytest.raises(WorldError, match="seed = -1"):
        World(DEFINITION, seed=-1)
    world = World(WorldDefinition("bare", lambda tick: None), seed=0)
    with pytest.raises(PluginError, match=r"no plugin test/log@1; it has: none"):
        world.rows(Log)
    assert world.plugin_names == []


def test_a_world_module_declares_its_world() -> None:
    module = ModuleType("mine")
    with pytest.raises(WorldError, match="WORLD = WorldDefinition"):
        definition_of(module)
    module.WORLD = 3  # type: ignore[attr-defined]
    with pytest.raises(WorldError, match="WORLD is a int"):
        definition_of(module)
    module.WORLD = DEFINITION  # type: ignore[attr-defined]
    assert definition_of(module) is DEFINITION
