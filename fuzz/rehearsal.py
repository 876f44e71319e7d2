"""Rehearsals: real processes over real sockets through a bad network, in real time.

The fuzzers show that the protocol is right; a rehearsal shows that the product is: `lockstep play` in one
process, `lockstep join` in another, a relay between them that loses and delays real datagrams. What a person
would notice is judged: equal states at the end, no desync that was not planted, no long stall, an avatar that
obeys at once.

As a command: `lockstep-fuzz rehearse NAME --ticks N`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from fuzz.relay import Relay, RelayModel, parse_schedule
from fuzz.report import CheckFailed, require

START_S_MAX: Final = 180  # a first start compiles the physics
STALL_MS_MAX: Final = 250
DELAY_TICKS_MAX: Final = 3
DETECT_TICKS_MAX: Final = 16 + 8
RAMP: Final = "0:20,8:150,16:20"
RAMP_UP_S, RAMP_DOWN_S, RISE_S_MAX, FALL_S_MAX = 8, 16, 2, 15
TICK_RATE: Final = 60

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One scenario.

    Parameters
    ----------
    summary : str
    relay : RelayModel
        Both directions.
    schedule : str
        Delays over time (``seconds:milliseconds,...``); empty: as the model says.
    fault_tick : int
        The second core flips a bit of its own state before this tick; 0: none.
    ticks_min : int
        A shorter run would miss the point.
    """

    summary: str
    relay: RelayModel = field(default_factory=RelayModel)
    schedule: str = ""
    fault_tick: int = 0
    leaves_at: int = 0
    ticks_min: int = 300


LOSSY: Final = RelayModel(delay_ms=40, jitter_ms=10, loss_permille=100, reorder_permille=100, reorder_ms=20)

REHEARSALS: Final[Mapping[str, Rehearsal]] = MappingProxyType(
    {
        "lossy": Rehearsal("10 % loss, 40 ms +- 10, reordering, each way", relay=LOSSY),
        "ramp": Rehearsal(
            "delay 20, then 150, then 20 ms: the input delay follows",
            relay=RelayModel(delay_ms=20),
            schedule=RAMP,
            ticks_min=(RAMP_DOWN_S + FALL_S_MAX + 2) * TICK_RATE,
        ),
        "desync": Rehearsal(
            "a bit flipped in one core: detected, named, healed", fault_tick=300, ticks_min=600
        ),
        "visit": Rehearsal(
            "a second core joins a running session, and leaves; the first plays on",
            leaves_at=300,
            ticks_min=600,
        ),
    }
)


async def rehearse(name: str, *, ticks: int, world: str) -> Figures:
    """Run one rehearsal; its figures.

    Raises
    ------
    CheckFailed
        If something a person would notice went wrong.
    """
    rehearsal = REHEARSALS[name]
    ticks = max(ticks, rehearsal.ticks_min)
    common = ["--world", world, "--terminal", "none", "--json", "--bot"]
    host = await _start("play", "--bots", "0", "--seed", "7", "--ticks", str(ticks), *common)
    try:
        address = await _address(host)
        relay = Relay(
            address,
            forward=rehearsal.relay,
            backward=rehearsal.relay,
            schedule=parse_schedule(rehearsal.schedule) if rehearsal.schedule else (),
            seed=7,
        )
        relay_host, relay_port = await relay.start()
        guest_ticks = rehearsal.leaves_at or ticks
        extra = (
            ["--fault", f"{rehearsal.fault_tick}:slots:1:position_q24:1:20"] if rehearsal.fault_tick else []
        )
        guest = await _start(
            "join", f"{relay_host}:{relay_port}", "--seed", "8", "--ticks", str(guest_ticks), *common, *extra
        )
        try:
            guest_report = await _finish(guest, ticks)
            host_report = await _finish(host, ticks)
        finally:
            await _kill(guest)
            await relay.close()
    finally:
        await _kill(host)
    judge(rehearsal, host_report, guest_report)
    return _figures(name, rehearsal, host_report, guest_report)


def judge(rehearsal: Rehearsal, host: Figures, guest: Figures) -> None:
    """Raise `CheckFailed` unless the reports of both cores are what a person would accept."""
    reports = (host, guest)
    if not rehearsal.leaves_at:
        require(
            host["final_tick"] == guest["final_tick"], f"final ticks {[r['final_tick'] for r in reports]}"
        )
        require(
            host["final_hash"] == guest["final_hash"] is not None,
            f"final hashes differ: {[r['final_hash'] for r in reports]}",
        )
    planted = 1 if rehearsal.fault_tick else 0
    require(host["desyncs"] == guest["desyncs"] == planted, f"desyncs {[r['desyncs'] for r in reports]}")
    longest = max(r["stall_ms_longest"] for r in reports)
    require(longest <= STALL_MS_MAX, f"a stall of {longest} ms; allowed: {STALL_MS_MAX}")
    if rehearsal.schedule:
        _judge_ramp(host, guest)
    if rehearsal.relay is LOSSY:
        delays = [int(entry[4]) for r in reports for entry in r["log"] if entry[2] == "delay"]
        most = max([r["delay"] for r in reports] + delays)
        require(
            most <= DELAY_TICKS_MAX,
            f"own input reaches the avatar after {most} ticks; allowed: {DELAY_TICKS_MAX}",
        )
    if planted:
        _judge_desync(rehearsal, host, guest)


def _judge_ramp(host: Figures, guest: Figures) -> None:
    log = [entry for entry in host["log"] if entry[2] == "delay"]
    require(log == [entry for entry in guest["log"] if entry[2] == "delay"], "the two logs differ")
    for place in (0, 1):
        changes = [(entry[1], int(entry[4])) for entry in log if entry[3] == place]
        rises = [change for change in changes if change[1] >= 6]
        require(rises, f"the input delay of player {place} never rose: {changes}")
        falls = [change for change in changes if change[0] > rises[-1][0] and change[1] <= DELAY_TICKS_MAX]
        require(falls, f"the input delay of player {place} never fell: {changes}")


def _judge_desync(rehearsal: Rehearsal, host: Figures, guest: Figures) -> None:
    require(guest["resyncs"] == 1 and host["resyncs"] == 0, "the damaged core, and only it, is healed")
    for report in (host, guest):
        kinds = [event["event"] for event in report["desync_events"]]
        require("DesyncDetected" in kinds and "DesyncNamed" in kinds, f"events {kinds}")
        cells = [c for e in report["desync_events"] if e["event"] == "DesyncNamed" for c in e["differences"]]
        named = [c for c in cells if (c["table"], c["row"], c["column"]) == ("slots", 1, "position_q24")]
        require(named and all(c["ours"] != c["theirs"] for c in named), f"cells named: {cells}")
        detected = next(e for e in report["desync_events"] if e["event"] == "DesyncDetected")
        late = detected["seen_tick"] - rehearsal.fault_tick
        require(
            late <= DETECT_TICKS_MAX, f"detected {late} ticks after the flip; allowed: {DETECT_TICKS_MAX}"
        )


def _figures(name: str, rehearsal: Rehearsal, host: Figures, guest: Figures) -> Figures:
    figures: Figures = {
        "rehearsal": name,
        "final_hash": host["final_hash"],
        "guest_hash": guest["final_hash"],
    }
    for who, report in (("host", host), ("guest", guest)):
        for key in (
            "ticks",
            "rollbacks",
            "resimulated",
            "rollback_depths",
            "stalls",
            "stall_ms_longest",
            "delay",
        ):
            figures[f"{who}_{key}"] = report[key]
        figures[f"{who}_bytes_per_tick"] = round(report["bytes_out"] / max(1, report["ticks"]), 1)
        figures[f"{who}_delays"] = [[e[1], e[3], int(e[4])] for e in report["log"] if e[2] == "delay"]
    if rehearsal.fault_tick:
        figures["desync_events"] = host["desync_events"] + guest["desync_events"]
    return figures


async def _start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "client.cli", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


async def _address(host: asyncio.subprocess.Process) -> tuple[str, int]:
    """Where the host listens; it says so in a line."""
    assert host.stderr is not None
    said = []
    async with asyncio.timeout(START_S_MAX):
        while line := (await host.stderr.readline()).decode():
            said.append(line)
            for word in line.split():
                name, colon, port = word.rpartition(":")
                if colon and name == "127.0.0.1" and port.isdigit():
                    return name, int(port)
    raise CheckFailed(f"the host did not say where it listens: {''.join(said)}")


async def _finish(process: asyncio.subprocess.Process, ticks: int) -> Figures:
    async with asyncio.timeout(START_S_MAX + 3 * ticks / TICK_RATE):
        output, errors = await process.communicate()
    lines = output.decode().splitlines()
    require(process.returncode == 0 and lines, f"status {process.returncode}: {errors.decode()[-2000:]}")
    report: Figures = json.loads(lines[-1])
    return report


async def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
