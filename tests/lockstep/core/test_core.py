"""Running cores over real sockets: play, terminals, faults, refusals, the log.

Method: cores in one event loop, on the loopback interface, at 240 ticks a second; what is awaited is an event
or a message, never a time (a deadline ends a test that hangs).
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lockstep.core.core import Core, CoreConfig, CoreError, JoinRefused
from lockstep.core.streams import QUEUE_SIZE_MAX
from lockstep.core.terminals import QUEUE_MAX, TerminalClosed, TerminalPort
from lockstep.core.worlds import load_world
from lockstep.errors import LocalError
from lockstep.peer import frames
from lockstep.peer.simulation import Fault
from lockstep.terminal import is_view
from lockstep.worlds.small import WORLD
from netcode.protocol.framing import encode_header
from netcode.transports.addresses import parse_address

FAST = dataclasses.replace(WORLD, tick_rate=240)
DEADLINE_S = 30


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await test()

    asyncio.run(bounded())


def config(name: str = "core", **changes: Any) -> CoreConfig:
    return CoreConfig(**{"name": name, "world": FAST, "seed": 5, **changes})


async def founded(**changes: Any) -> Core:
    core = Core(config(**changes))
    await core.start()
    await core.found()
    return core


async def joined(other: Core, **changes: Any) -> Core:
    core = Core(config(**changes))
    await core.start()
    await core.join(other.address)
    return core


async def next_json(port: TerminalPort, kind: str) -> dict[str, Any]:
    while True:
        message = await port.next_message()
        if isinstance(message, str) and (found := json.loads(message))["type"] == kind:
            return dict(found)


async def read_to_the_end(port: TerminalPort) -> list[str | bytes]:
    messages = []
    while True:
        try:
            messages.append(await port.next_message())
        except TerminalClosed:
            return messages


def test_two_cores_play_to_the_same_state_and_leave() -> None:
    async def play() -> None:
        first = await founded(ticks=240, bot=True)
        second = await joined(first, ticks=240, bot=True)
        await asyncio.gather(first.run(), second.run())
        one, two = first.report(), second.report()
        await first.close()
        await second.close()
        assert one["final_tick"] == two["final_tick"] == 240
        assert one["final_hash"] == two["final_hash"] is not None
        assert one["desyncs"] == two["desyncs"] == 0
        assert json.loads(json.dumps(one)) == one
        assert int(str(one["packets_out"])) > 100

    run(play)


def test_flipped_bit_is_named_healed_and_logged(tmp_path: Path) -> None:
    async def play() -> None:
        log = tmp_path / "events.jsonl"
        first = await founded(log_path=log, bot=True)
        second = await joined(first, bot=True)
        assert second.peer is not None
        tick = second.peer.session.tick + 20
        second.inject(Fault(tick, "slots", 1, "position_q24", lane=1, bit=30))
        port = first.attach()
        port.handle_text('{"type":"hello","protocol":1,"terminal":"test"}')
        while "position_q24[1]" not in (event := await next_json(port, "event"))["text"]:
            assert event["kind"] != "over"
        while second.peer.resyncs == 0:
            await next_json(port, "net")
        hash_state = ""
        while hash_state != "agreed":
            hash_state = (await next_json(port, "net"))["hash"]["state"]
        for core in (first, second):
            named = [e for e in core.report()["desync_events"] if e["event"] == "DesyncNamed"]  # type: ignore[attr-defined]
            cells = [cell for event in named for cell in event["differences"]]
            assert any(
                c["table"] == "slots" and c["column"] == "position_q24" and c["lane"] == 1 for c in cells
            )
            assert all(c["ours"] != c["theirs"] for c in cells)
        await second.close()
        await first.close()
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        kinds = [line["event"] for line in lines]
        assert kinds.index("DesyncDetected") < kinds.index("DesyncFound") < kinds.index("DesyncNamed")

    run(play)


def test_several_terminals_attach_and_together_move_one_player() -> None:
    async def play() -> None:
        core = await founded()
        ports = [core.attach(), core.attach()]
        for port in ports:
            port.handle_text('{"type":"hello","protocol":1,"terminal":"test"}')
            welcome = await next_json(port, "welcome")
            assert welcome["place"] == 0 and welcome["inputs"]["buttons"] == ["fast", "ring"]
        ports[0].handle_text('{"type":"input","sequence":1,"buttons":["fast"],"axes":{}}')
        ports[1].handle_text('{"type":"input","sequence":1,"buttons":["ring"],"axes":{"move_x":1}}')
        seen: set[int] = set()
        assert core.peer is not None
        while seen != {3}:
            await next_json(ports[0], "net")
            payload = core.peer.session.payload_of(core.peer.identity, core.peer.session.tick - 1)
            seen = {payload[0]} if payload else set()
        ports[0].close()
        while seen != {2}:
            await next_json(ports[1], "net")
            payload = core.peer.session.payload_of(core.peer.identity, core.peer.session.tick - 1)
            seen = {payload[0]} if payload else set()
        await read_to_the_end(ports[0])
        await core.close()
        assert (await next_json(ports[1], "bye"))["reason"]

    run(play)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"type":"input"}',
        '{"type":"input","sequence":1,"buttons":["fly"],"axes":{}}',
        '{"type":"input","sequence":1,"buttons":[],"axes":{"move_x":2}}',
        '{"type":"command","name":"explode","args":{}}',
        '{"type":"command","name":"spawn","args":{"prefab":"no such thing"}}',
        "[" * 3000,
        "x" * 5000,
    ],
)
def test_bad_terminal_message_is_answered_and_harms_nothing(text: str) -> None:
    async def play() -> None:
        core = await founded()
        port = core.attach()
        port.handle_text(text)
        error = await next_json(port, "error")
        assert error["what"] and error["where"] and error["allowed"]
        port.handle_text('{"type":"ping","id":7}')
        assert (await next_json(port, "pong"))["id"] == 7
        await core.close()

    run(play)


def test_terminal_that_floods_or_does_not_read_is_let_go_and_the_core_plays_on() -> None:
    async def play() -> None:
        core = await founded(ticks=60)
        flooding, sleeping = core.attach(), core.attach()
        for port in (flooding, sleeping):
            port.handle_text('{"type":"hello","protocol":1,"terminal":"test"}')
        for number in range(2000):
            flooding.handle_text(json.dumps({"type": "ping", "id": number}))
        assert flooding.is_closed
        for _ in range(QUEUE_MAX + 10):
            sleeping._put("{}")
        assert sleeping.is_closed
        await core.run()
        assert core.report()["confirmed"]
        await core.close()

    run(play)


def test_slow_terminal_gets_one_picture_of_everything_it_missed() -> None:
    async def play() -> None:
        core = await founded(ticks=120)
        port = core.attach()
        port.handle_text('{"type":"hello","protocol":1,"terminal":"test"}')
        await core.run()
        await core.close()
        messages = await read_to_the_end(port)
        assert sum(isinstance(message, bytes) and is_view(message) for message in messages) == 1

    run(play)


def test_join_errors_say_what_is_wrong() -> None:
    async def play() -> None:
        core = await founded()
        other = Core(config(world=dataclasses.replace(WORLD, tick_rate=120)))
        await other.start()
        with pytest.raises(JoinRefused, match=r"session\.tick_rate is 120 here and 240 there"):
            await other.join(core.address)
        await other.close()
        for address, message in [
            ("127.0.0.1:1", "cannot reach 127.0.0.1:1"),
            ("nowhere", "not HOST:PORT"),
            ("8.8.8.8:99", "not on this machine"),
        ]:
            nobody = Core(config())
            await nobody.start()
            with pytest.raises(JoinRefused, match=message):
                await nobody.join(address)
            await nobody.close()
        taken = Core(config(port=int(core.address.rpartition(":")[2])))
        with pytest.raises(CoreError, match="cannot bind"):
            await taken.start()
        await taken.close()
        await core.close()

    run(play)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ticks": 0}, "ticks = 0; allowed: 1 or more"),
        ({"port": 70000}, "port = 70000; allowed: 0 to 65535"),
        ({"log_path": Path("/nowhere/at/all.log")}, "log file"),
    ],
)
def test_bad_configuration_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(LocalError, match=message):
        Core(config(**changes))


def test_address_outside_this_machine_is_refused() -> None:
    async def play() -> None:
        core = Core(config(bind="0.0.0.0"))
        with pytest.raises(CoreError, match="not on this machine"):
            await core.start()
        await core.close()

    run(play)


@pytest.mark.parametrize(
    ("kind", "hook"), [("plugin", "tick(self, tick, rows)"), ("observer", "observe(self, tick)")]
)
def test_world_whose_script_fails_ends_the_core_with_place_and_reason(
    kind: str, hook: str, tmp_path: Path
) -> None:
    file = tmp_path / "failing.py"
    file.write_text(
        "from lockstep.plugins.contract import observer, plugin\n"
        "from lockstep.world import WorldDefinition\n"
        f"@{kind}('test/failing@1', columns=[])\n"
        "class Failing:\n"
        f"    def {hook}:\n"
        "        if tick.number == 20:\n"
        "            raise RuntimeError('no more')\n"
        "def build(tick):\n    pass\n"
        "WORLD = WorldDefinition('failing', build, plugins=(Failing,), tick_rate=240)\n"
    )

    async def play() -> None:
        core = await founded(world=load_world(str(file)))
        with pytest.raises(
            CoreError, match=r"'failing' failed at tick 20 \(.*failing\.py, line 7\): RuntimeError: no more"
        ):
            await core.run()
        await core.close()

    run(play)


@pytest.mark.parametrize("told_by", ["frame", "datagram"])
def test_what_goes_wrong_in_this_core_ends_it_whoever_was_heard(
    told_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no more")

    async def play() -> None:
        core = await founded()
        monkeypatch.setattr(core.peer, f"handle_{told_by}", fail)
        host, port = parse_address(core.address)
        if told_by == "frame":
            _, writer = await asyncio.open_connection(host, port)
            writer.write(encode_header(1, 0))
            writer.close()
        else:
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                asyncio.DatagramProtocol, remote_addr=(host, port)
            )
            transport.sendto(b"x")
            transport.close()
        with pytest.raises(CoreError, match="RuntimeError: no more"):
            await core.run()
        await core.close()

    run(play)


def test_core_that_fails_while_it_joins_says_so_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no more")

    async def play() -> None:
        first = await founded()
        second = Core(config())
        await second.start()
        monkeypatch.setattr(second.peer, "handle_frame", fail)
        with pytest.raises(CoreError, match="RuntimeError: no more"):
            await second.join(first.address)
        await second.close()
        await first.close()

    run(play)


def test_stream_that_is_never_read_is_closed_before_it_fills_the_memory() -> None:
    async def play() -> None:
        core = await founded()
        host, _, port = core.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1)
        streams = core._streams
        assert streams is not None
        while not streams._streams:
            await asyncio.sleep(0)
        (number,) = streams._streams
        body, sent = bytes(1 << 22), 0
        while number in streams._streams:
            streams.send(number, frames.WORLD_PART, body)
            sent += len(body)
            assert sent <= QUEUE_SIZE_MAX + len(body)
        writer.close()
        await core.close()
        assert reader is not None

    run(play)
