"""Random histories of fleets: faults that change, cuts, links closed and opened anew, relays, any payloads.

Nothing is fixed but the seed. The fleet asserts order at each delivery; at the end, with the faults over,
everything emitted has arrived everywhere, and nothing honest was refused but what a closed link explains.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from netcode import HistoryExceeded, UpdateConflict
from netcode.simulated_network import LinkModel

FIRST_NUMBER = 2**32 - 10
EXPECTED_REFUSALS = {"replayed", "connection_unknown", "base_unknown", "position_unknown", "echo"}


def random_model(random: Random) -> LinkModel:
    return LinkModel(
        delay_us=random.choice([0, 5_000, 40_000, 150_000]),
        jitter_us=random.choice([0, 2_000, 60_000]),
        loss_permille=random.choice([0, 50, 250, 500]),
        burst_count=random.choice([1, 1, 5]),
        duplicate_permille=random.choice([0, 100]),
        reorder_permille=random.choice([0, 200]),
        bandwidth_bytes=random.choice([0, 0, 30_000, 200_000]),
    )


def random_payloads(random: Random) -> Callable[[int, int], bytes]:
    size_max = random.choice([0, 8, 40, 300, 1000])
    hold = random.choice([1, 3, 20])

    def payload(node: int, tick: int) -> bytes:
        draw = Random(node * 1_000_003 + tick // hold)
        return draw.randbytes(draw.randint(0, size_max))

    return payload


def reopen(fleet: Any, a: int, b: int) -> None:
    """Close a link and open it anew, as after a fresh handshake."""
    for node, peer in ((a, b), (b, a)):
        endpoint = fleet.endpoints[node]
        endpoint.remove_link(peer)
        fresh = fleet.reopened = getattr(fleet, "reopened", 0) + 1
        endpoint.add_link(
            peer,
            fleet.emitters[peer],
            local_connection_id=10_000 + fresh,
            remote_connection_id=10_000 + fresh + (1 if node == a else -1),
            now_us=fleet.now_us,
        )


@pytest.mark.parametrize("seed", range(24))
def test_whatever_happens_everything_arrives_once_in_order(make_fleet: Callable[..., Any], seed: int) -> None:
    random = Random(seed)
    count = random.randint(2, 4)
    fleet = make_fleet(count, seed, random_model(random), from_first_held=random.random() < 0.3)
    for _ in range(random.randint(2, 6)):
        a, b = random.sample(range(count), 2)
        action = random.randrange(4)
        if action == 0:
            fleet.network.set_link(a, b, random_model(random), one_way=random.random() < 0.5)
        elif action == 1:
            fleet.network.partition(a, b, one_way=random.random() < 0.5)
        elif action == 2:
            fleet.network.heal(a, b)
        else:
            reopen(fleet, a, b)
        fleet.run(random.randint(1, 60), random.choice([None, random_payloads(random)]))
        if count > 2 and random.random() < 0.5:
            other = next(node for node in range(count) if node not in (a, b))
            first, end = fleet.endpoints[a].held(fleet.emitters[other])
            if first < end:
                fleet.endpoints[a].relay(b, fleet.emitters[other], random.randint(first, end - 1), end)
    for a in range(count):
        for b in range(count):
            if a != b:
                fleet.network.set_link(a, b, LinkModel(delay_us=10_000))
                fleet.network.heal(a, b)
    fleet.run(250, None)
    fleet.assert_all_delivered()
    for node in range(count):
        assert fleet.refused(node).keys() <= EXPECTED_REFUSALS, fleet.refused(node)
        assert not any(isinstance(event, HistoryExceeded | UpdateConflict) for event in fleet.events[node])
        assert fleet.endpoints[node].held(fleet.emitters[node])[0] == FIRST_NUMBER + len(fleet.emitted[node])
