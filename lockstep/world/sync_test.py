"""The sync test: does a world give the same state from the same inputs, however often it is rolled back?

Two worlds run. The plain one simulates each tick once. The other one, at each tick, goes back up to
``rollback_depth`` ticks and simulates them again: first with predicted inputs (so that whatever a wrong guess
leaves behind shows), then with the real ones, listed in another order and marked otherwise. From time to time
it is thrown away, and a new world takes its state from bytes, as a late joiner would. After each tick the
states must be equal, cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lockstep.errors import WorldError
from lockstep.inputs.commands import Attach, Command, Destroy, Grab, Impulse, Move, Spawn
from lockstep.inputs.predictor import predict
from lockstep.inputs.tick_input import NEUTRAL, TickInput, encode_input
from lockstep.inputs.tick_inputs import PlayerTick, TickInputs
from lockstep.limits import AXIS_MAX, COMMANDS_PER_INPUT_MAX, PLAYERS_MAX
from lockstep.rng import RandomStream
from lockstep.world.definition import WorldDefinition
from lockstep.world.world import World
from physics_fixed.tables import CellDifference, Snapshot

ROLLBACK_DEPTH_MAX = 60
DIFFERENCES_MAX = 16
FRESH_WORLD_INTERVAL = 47  # ticks between two worlds restored from bytes


class SyncTestFailed(WorldError):
    """The world is not deterministic: two runs of one tick differ. The message names the cells."""

    def __init__(self, message: str, result: SyncTestResult) -> None:
        super().__init__(message)
        self.result = result


@dataclass(frozen=True, slots=True)
class SyncTestResult:
    """What a sync test found.

    Parameters
    ----------
    ticks : int
        Ticks that agreed.
    resimulated : int
        Ticks that were simulated again.
    final_hash : str
        Hash of the state at the end.
    failed_tick : int or None
        The first tick whose state differed.
    differences : tuple of CellDifference
        The first cells that differed; ``ours`` is the plain world's, ``theirs`` the one rolled back.
    """

    ticks: int
    resimulated: int
    final_hash: str
    failed_tick: int | None = None
    differences: tuple[CellDifference, ...] = ()


def run_sync_test(
    definition: WorldDefinition, *, ticks: int, seed: int, rollback_depth: int = 8, players: int = 3
) -> SyncTestResult:
    """Run the sync test on a world with random players, who join, leave, and give commands.

    Parameters
    ----------
    definition : WorldDefinition
    ticks : int
        Ticks to simulate, from 1.
    seed : int
        Seed of the world and of the players.
    rollback_depth : int
        Ticks to go back each tick, 1 to 60.
    players : int
        How many take part, 1 to 16.

    Raises
    ------
    SyncTestFailed
        At the first tick whose states differ, with the table, slot, column and both values.
    WorldError
        For arguments out of range.
    """
    _check("ticks", ticks, 1 << 32)
    _check("rollback_depth", rollback_depth, ROLLBACK_DEPTH_MAX)
    _check("players", players, PLAYERS_MAX)
    run = _Run(definition, seed, rollback_depth)
    for tick in range(ticks):
        inputs = random_inputs(run.plain, seed=seed, players=players)
        run.advance(inputs)
        differences = run.differences()
        if differences:
            result = SyncTestResult(
                tick, run.resimulated, run.plain.tables.hash().hex(), tick, tuple(differences)
            )
            cells = "\n  ".join(_describe(run.plain, cell) for cell in differences)
            raise SyncTestFailed(
                f"world {definition.name!r}, seed {seed}: tick {tick} differs when simulated again:"
                f"\n  {cells}",
                result,
            )
    return SyncTestResult(ticks, run.resimulated, run.plain.tables.hash().hex())


class _Run:
    def __init__(self, definition: WorldDefinition, seed: int, depth: int) -> None:
        self.definition, self.seed, self.depth = definition, seed, depth
        self.plain = World(definition, seed=seed)
        self.other = World(definition, seed=seed)
        self.history: list[tuple[TickInputs, Snapshot]] = []  # the last ticks: inputs, and the state before
        self.resimulated = 0
        self.other.keep_records(depth + 1)

    def advance(self, inputs: TickInputs) -> None:
        self.plain.advance(inputs)
        self.history.append((inputs, self.other.tables.snapshot()))
        del self.history[: -self.depth]
        self._advance_guessing()
        self.other.tables.restore(self.history[0][1])
        for index, (past, _) in enumerate(self.history):
            if index:
                self.history[index] = past, self.other.tables.snapshot()
            self.other.advance(_disguised(past))
        self.resimulated += 2 * len(self.history)
        if inputs.tick % FRESH_WORLD_INTERVAL == FRESH_WORLD_INTERVAL - 1:
            self._take_fresh_world()

    def _advance_guessing(self) -> None:
        """Simulate the last ticks as if only their first input had arrived."""
        first, before = self.history[0]
        self.other.tables.restore(before)
        held = {player.place: player.payload for player in first.players}
        for past, _ in self.history:
            held = {player.place: predict(held.get(player.place, NEUTRAL)) for player in past.players}
            guesses = tuple(PlayerTick(place, payload, "predicted") for place, payload in held.items())
            self.other.advance(TickInputs(past.tick, guesses, past.joined, past.left))

    def _take_fresh_world(self) -> None:
        data = self.other.tables.encode(self.other.tables.snapshot())
        self.other = World(self.definition, seed=self.seed)
        self.other.keep_records(self.depth + 1)
        self.other.tables.restore(self.other.tables.decode(data))
        self.history.clear()

    def differences(self) -> list[CellDifference]:
        if self.plain.tables.hash() == self.other.tables.hash():
            return []
        ours, theirs = self.plain.tables.snapshot(), self.other.tables.snapshot()
        return self.plain.tables.diff(ours, theirs, limit=DIFFERENCES_MAX)


def random_inputs(world: World, *, seed: int, players: int) -> TickInputs:
    """What random players put into the next tick of a world: a function of the seed and of the world's state.

    They hold what they hold for a while, press everything in turn, command slots that exist, join and leave.
    """
    number = world.tick
    stream = RandomStream(seed, number, "sync test players")
    joined, left = [], []
    present = world.players.present
    for place in range(players):
        if place not in present:
            if number == 0 or stream.below(60) == 0:
                joined.append(place)
        elif stream.below(900) == 0:
            left.append(place)
    places = sorted([*(place for place in present if place not in left), *joined])
    ticks = tuple(
        PlayerTick(place, _random_payload(world, seed, number, place), "confirmed") for place in places
    )
    return TickInputs(number, ticks, tuple(joined), tuple(left))


def _random_payload(world: World, seed: int, number: int, place: int) -> bytes:
    layout = world.definition.inputs
    held = RandomStream(seed, number // 7, f"sync test held {place}")
    buttons = held.below(1 << len(layout.buttons)) & held.below(1 << len(layout.buttons))
    axes = tuple(held.pick((0, -AXIS_MAX, AXIS_MAX, held.between(-AXIS_MAX, AXIS_MAX))) for _ in layout.axes)
    stream = RandomStream(seed, number, f"sync test commands {place}")
    commands: tuple[Command, ...] = ()
    if stream.below(20) == 0:
        count = stream.between(1, 3)
        assert count <= COMMANDS_PER_INPUT_MAX
        commands = tuple(_random_command(world, stream) for _ in range(count))
    return encode_input(TickInput(buttons, axes, commands), layout)


def _random_command(world: World, stream: RandomStream) -> Command:
    ids = world.slots.table["slot_id"]
    living: list[int] = ids[ids != 0].tolist() or [1 << 16]
    slot_id = stream.pick(living)
    position = (stream.between(-8192, 8192), stream.between(0, 8192), stream.between(-8192, 8192))
    makers: tuple[Callable[[], Command], ...] = (
        lambda: Spawn(
            stream.below(max(1, len(world.definition.prefabs))), position, (0, stream.below(4096), 0)
        ),
        lambda: Move(slot_id, position),
        lambda: Destroy(slot_id),
        lambda: Impulse(slot_id, (position[0] >> 4, position[1] >> 4, position[2] >> 4)),
        lambda: Grab(slot_id),
        lambda: Attach(slot_id, stream.pick([0, *living])),
    )
    return stream.pick(makers)()


def _check(name: str, value: int, last: int) -> None:
    if not 1 <= value <= last:
        raise WorldError(f"{name} = {value}; allowed: 1 to {last}")


def _disguised(inputs: TickInputs) -> TickInputs:
    """The same inputs as another core may see them: other order, other status."""
    players = tuple(PlayerTick(p.place, p.payload, "predicted") for p in reversed(inputs.players))
    return TickInputs(inputs.tick, players, inputs.joined[::-1], inputs.left[::-1])


def _describe(world: World, cell: CellDifference) -> str:
    slot = f" of slot {world.slots.describe(cell.key)}" if world.slots.is_alive(cell.key) else ""
    return f"{cell}{slot}"
