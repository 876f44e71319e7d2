"""Cores come, go, crash and lose each other over bad links: one chain of views, nothing ever taken back.

Checked while it runs, over all cores ever seen: G1 to G3 and the assertions of the machine; at the end, when
all links work again and a quorum lives, G6: every living member confirms a new tick within the bound.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from fuzz.fuzzers.membership_fleet import Fleet, Wire
from fuzz.report import Figures
from lockstep.peer.membership import Membership
from lockstep.peer.views import Member, View

LEAVES = 8
CHURNS = 1000
Machine = Callable[..., Membership]
LEAVE_LIMIT_US = 30_000_000


def run_once(seed: int) -> Figures:
    """Every third run has leaves at much loss, one in a hundred a long row of churns, the others anything."""
    if seed % 100 == 50:
        return churn(seed, CHURNS)
    return leave_often(seed) if seed % 3 == 0 else suffer(seed)


def churn(seed: int, count: int) -> Figures:
    """The same core joins and leaves so many times in a row."""
    fleet = Fleet(seed, 2, wire=Wire(10_000, 5_000, 50, 0))
    fleet.run(300_000)
    founder = next(iter(fleet.nodes))
    for _ in range(count):
        newcomer = fleet.start_join(100, founder)
        fleet.run_until(partial(_is_in, fleet, newcomer), limit_us=LEAVE_LIMIT_US)
        fleet.nodes[newcomer].machine.request_leave(fleet.now_us)
        fleet.run_until(partial(_is_gone, fleet, newcomer), limit_us=LEAVE_LIMIT_US)
    return _finish(fleet, leaves=count)


def leave_often(seed: int, machine: Machine = Membership) -> Figures:
    """Cores leave, and others join, at 25 % loss with jitter, reordering and repetition."""
    rng = random.Random(seed)
    count = rng.choice((2, 2, 3, 3, 4, 5, 6, 8, 12, 16))
    wire = Wire(rng.randrange(5_000, 60_000), rng.randrange(40_000), 250, rng.randrange(100))
    fleet = Fleet(seed, count, wire=wire, machine=machine)
    fleet.run(rng.randrange(300_000, 900_000))
    for _ in range(min(LEAVES, 64 // count)):
        leaver = rng.choice(list(fleet.nodes))
        fleet.nodes[leaver].machine.request_leave(fleet.now_us)
        fleet.run_until(partial(_is_gone, fleet, leaver), limit_us=LEAVE_LIMIT_US)
        fleet.run(rng.randrange(300_000))
        donor = rng.choice(list(fleet.nodes))
        core_id = leaver.core_id if rng.randrange(2) else _unused(fleet, rng)
        newcomer = fleet.start_join(core_id, donor)
        fleet.run_until(partial(_is_in, fleet, newcomer), limit_us=LEAVE_LIMIT_US)
        fleet.run(rng.randrange(200_000))
    return _finish(fleet, leaves=min(LEAVES, 64 // count))


def _unused(fleet: Fleet, rng: random.Random) -> int:
    taken = {member.core_id for member in fleet.nodes} | set(fleet.joining)
    return rng.choice([core_id for core_id in range(100, 125) if core_id not in taken])


def _is_gone(fleet: Fleet, member: Member) -> bool:
    return member not in fleet.nodes


def _is_in(fleet: Fleet, member: Member) -> bool:
    return member in fleet.nodes and fleet.nodes[member].machine.may_emit


def suffer(seed: int, machine: Machine = Membership) -> Figures:
    """Anything happens, several things at once."""
    rng = random.Random(seed)
    count = rng.choice((2, 2, 3, 3, 4, 4, 5, 6, 7))
    wire = Wire(
        rng.randrange(2_000, 80_000),
        rng.choice((0, rng.randrange(40_000))),
        rng.choice((0, 20, 100, 250)),
        rng.choice((0, 50)),
    )
    fleet = Fleet(seed, count, wire=wire, machine=machine)
    fleet.run(rng.randrange(200_000, 800_000))
    for _ in range(rng.randrange(2, 7)):
        for _ in range(rng.choice((1, 1, 2, 3))):
            if fleet.nodes:
                rng.choice(EPISODES)(fleet, rng)
            fleet.run(rng.choice((0, rng.randrange(200_000))))
        fleet.run(rng.randrange(4_000_000))
        if rng.randrange(3):
            fleet.heal()
        _join_again(fleet, rng)
    return _finish(fleet, leaves=0)


def _members(fleet: Fleet) -> list[Member]:
    return [member for member, node in fleet.nodes.items() if node.machine.view.seat(member) is not None]


def _crash(fleet: Fleet, rng: random.Random) -> None:
    if len(fleet.nodes) > 1:
        fleet.kill(rng.choice(list(fleet.nodes)))


def _leave(fleet: Fleet, rng: random.Random) -> None:
    if len(fleet.nodes) > 1:
        fleet.nodes[rng.choice(list(fleet.nodes))].machine.request_leave(fleet.now_us)


def _join(fleet: Fleet, rng: random.Random) -> None:
    if _members(fleet) and len(fleet.nodes) < 8:
        fleet.start_join(_unused(fleet, rng), rng.choice(_members(fleet)))


def _restart(fleet: Fleet, rng: random.Random) -> None:
    """A crash, and back before anyone has noticed."""
    members = _members(fleet)
    if len(members) > 1:
        member = rng.choice(members)
        fleet.kill(member)
        members.remove(member)
        fleet.start_join(member.core_id, rng.choice(members))


def _deafen(fleet: Fleet, rng: random.Random) -> None:
    deaf = rng.choice(list(fleet.nodes))
    for member in fleet.nodes:
        fleet.cut(member, deaf)


def _mute(fleet: Fleet, rng: random.Random) -> None:
    mute = rng.choice(list(fleet.nodes))
    for member in fleet.nodes:
        fleet.cut(mute, member)


def _part_two(fleet: Fleet, rng: random.Random) -> None:
    if len(fleet.nodes) > 1:
        a, b = rng.sample(list(fleet.nodes), 2)
        fleet.cut(a, b)
        if rng.randrange(2):
            fleet.cut(b, a)


def _partition(fleet: Fleet, rng: random.Random) -> None:
    members = list(fleet.nodes)
    fleet.partition(rng.sample(members, rng.randrange(1, len(members) + 1)))


def _resync(fleet: Fleet, rng: random.Random) -> None:
    members = _members(fleet)
    if members:
        asker = fleet.nodes[rng.choice(members)].machine
        asker.request_resync(rng.choice(asker.view.members), fleet.now_us)


def _reorder(fleet: Fleet, rng: random.Random) -> None:
    members = _members(fleet)
    if members:
        asker = fleet.nodes[rng.choice(members)].machine
        asker.request_oldest(rng.choice(asker.view.members), fleet.now_us)


def _burst(fleet: Fleet, rng: random.Random) -> None:
    """Nearly everything is lost for a while."""
    wire = fleet.wire
    fleet.wire = Wire(wire.delay_us, wire.jitter_us, 900, wire.repeats)
    fleet.run(rng.randrange(1_500_000))
    fleet.wire = wire


EPISODES: tuple[Callable[[Fleet, random.Random], None], ...] = (
    _crash,
    _leave,
    _join,
    _join,
    _restart,
    _deafen,
    _mute,
    _part_two,
    _part_two,
    _partition,
    _resync,
    _reorder,
    _burst,
)


def _join_again(fleet: Fleet, rng: random.Random) -> None:
    """Who was dropped comes back under a new stamp, if it likes."""
    for member, node in list(fleet.gone.items()):
        is_back = any(each.core_id == member.core_id for each in fleet.nodes)
        if node.out == "dropped" and not is_back and _members(fleet) and rng.randrange(2):
            node.out = "back"
            fleet.start_join(member.core_id, rng.choice(_members(fleet)))


def _finish(fleet: Fleet, *, leaves: int) -> Figures:
    """All faults are over; whoever can must go on."""
    fleet.heal()
    fleet.wire = Wire(fleet.wire.delay_us, 0, 0, 0)
    quorum = can_go_on(fleet)
    if quorum:
        confirmed = {member: node.machine.confirmed for member, node in fleet.nodes.items()}
        seats = max((len(node.machine.view.seats) for node in fleet.nodes.values()), default=0)
        timing = fleet.timing
        limit_us = timing.suspect_us_min + (seats + 4) * timing.ballot_us_max
        fleet.run_until(lambda: _have_grown(fleet, confirmed), limit_us=limit_us)
        fleet.run(500_000)
    fleet.watch.finish()
    return {
        "leaves": leaves,
        "views": len(fleet.watch.views) - 1,
        "ticks": len(fleet.watch.ticks),
        "with_quorum": int(quorum),
        "pause_us_max": max(fleet.figures.pauses_us, default=0),
    }


def can_go_on(fleet: Fleet) -> bool:
    """Tell whether a quorum lives of every view that a living core installed or voted for."""
    views: list[View] = []
    for node in fleet.nodes.values():
        views.append(node.machine.view)
        if node.machine.accepted_view is not None:
            views.append(node.machine.accepted_view)
    return bool(views) and all(view.is_quorum(fleet.nodes) for view in views)


def _have_grown(fleet: Fleet, confirmed: dict[Member, int]) -> bool:
    for member, node in fleet.nodes.items():
        machine = node.machine
        if machine.view.seat(member) is not None and machine.confirmed <= confirmed.get(
            member, machine.confirmed - 1
        ):
            return False
    return True
