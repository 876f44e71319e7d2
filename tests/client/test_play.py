"""Real processes: play, join, bots, and every way to end. The small world, so that a start is quick."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Program, Terminal, children_of, wait_for_end

Start = Callable[..., Program]
Look = Callable[[str], Terminal]

WORLD = ("--world", "small")
QUIET = (*WORLD, "--terminal", "none", "--json")
SHOWN = (*WORLD, "--terminal", "web", "--json")


def test_play_with_a_bot_ends_after_its_ticks(start: Start) -> None:
    program = start("play", *QUIET, "--ticks", "240")
    program.core_address()
    figures = program.figures()
    assert figures["final_tick"] == 240
    assert figures["confirmed"] >= 240
    assert figures["desyncs"] == 0
    assert len(figures["final_hash"]) == 32
    for name in ("ticks", "rollbacks", "resimulated", "stalls", "resyncs", "bytes_out", "packets_out"):
        assert isinstance(figures[name], int), name


def test_without_json_the_figures_are_for_people(start: Start) -> None:
    status, output, error = start("play", *WORLD, "--terminal", "none", "--bots", "0", "--ticks", "10").end()
    assert (status, error) == (0, "")
    first, last = output.splitlines()
    assert "Others join with: lockstep join 127.0.0.1:" in first
    assert re.fullmatch(
        r"Played 1\d ticks: 0 rollbacks .* 0 desyncs, 0 resyncs; sent 0 bytes in 0 packets\.", last
    )


def test_bots_come_and_the_page_tells_it(start: Start, look: Look) -> None:
    program = start("play", *SHOWN, "--bots", "2")
    terminal = look(program.terminal_url())
    terminal.read_peers(2)
    bots = children_of(program.process.pid)
    assert len(bots) == 2
    program.interrupt()
    assert terminal.read_text(lambda message: message["type"] == "bye")["reason"]
    figures = program.figures()
    assert figures["desyncs"] == 0
    for pid in bots:
        wait_for_end(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_everything_cleanly(start: Start, look: Look, number: signal.Signals) -> None:
    program = start("play", *SHOWN)
    look(program.terminal_url()).read_peers(1)
    bots = children_of(program.process.pid)
    program.process.send_signal(number)
    status, _, error = program.end()
    assert status == 0
    assert "Traceback" not in error
    for pid in bots:
        wait_for_end(pid)


def test_interrupt_during_the_start_is_no_traceback(start: Start) -> None:
    program = start("play", *QUIET)
    program.core_address()
    program.interrupt()
    status, _, error = program.end()
    assert status in (0, 130)
    assert "Traceback" not in error


def test_bots_end_when_the_parent_is_killed(start: Start, look: Look) -> None:
    program = start("play", *SHOWN, "--bots", "1")
    look(program.terminal_url()).read_peers(1)
    bots = children_of(program.process.pid)
    assert len(bots) == 1
    program.process.kill()
    program.process.wait()
    for pid in bots:
        wait_for_end(pid)


def test_session_goes_on_when_a_bot_is_killed(start: Start, look: Look) -> None:
    program = start("play", *SHOWN, "--bots", "1")
    terminal = look(program.terminal_url())
    terminal.read_peers(1)
    (bot,) = children_of(program.process.pid)
    os.kill(bot, signal.SIGKILL)
    program.read_error_line(r"The process of bot 1 ended with status -9")
    terminal.read_event("left")
    tick = terminal.read_text(lambda message: message["type"] == "net")["confirmed"]
    terminal.read_text(lambda message: message["type"] == "net" and message["confirmed"] > tick + 60)
    program.interrupt()
    assert program.figures()["desyncs"] == 0


def test_join_plays_along_and_leaves(start: Start, look: Look) -> None:
    first = start("play", *SHOWN, "--bots", "0")
    address = first.core_address()
    terminal = look(first.terminal_url())
    second = start("join", address, *SHOWN)
    second_terminal = look(second.terminal_url())
    welcome = second_terminal.read_text(lambda message: message["type"] == "welcome")
    assert welcome["place"] == 1
    terminal.read_event("joined")
    agreed = terminal.read_text(
        lambda message: message["type"] == "net" and message["peers"] and message["hash"]["state"] == "agreed"
    )
    assert agreed["peers"][0]["place"] == 1
    second.interrupt()
    assert second.figures()["desyncs"] == 0
    terminal.read_event("left")
    first.interrupt()
    assert first.figures()["desyncs"] == 0


def test_two_cores_end_with_the_same_state(start: Start) -> None:
    ticks = ("--ticks", "300")
    first = start("play", *QUIET, "--bots", "0", *ticks, "--bot")
    second = start("join", first.core_address(), *QUIET, *ticks, "--bot")
    ends = [first.figures(), second.figures()]
    assert ends[0]["final_hash"] == ends[1]["final_hash"]
    assert [end["final_tick"] for end in ends] == [300, 300]
    assert [end["desyncs"] for end in ends] == [0, 0]


def test_join_refused_names_the_field_that_differs(start: Start, tmp_path: Path) -> None:
    world = tmp_path / "other.py"
    world.write_text(
        "from lockstep.inputs.layout import InputLayout\n"
        "from lockstep.world import WorldDefinition\n"
        "def build(tick): tick.create('thing')\n"
        "WORLD = WorldDefinition('other', build, inputs=InputLayout(buttons=('go',)))\n"
    )
    first = start("play", *QUIET, "--bots", "0")
    second = start("join", first.core_address(), "--world", str(world), "--terminal", "none")
    status, output, error = second.end()
    assert (status, output) == (1, "")
    assert error.startswith("lockstep: the session refuses this core")
    assert "inputs.axes is [] here and ['move_x', 'move_z'] there" in error
    assert "Traceback" not in error


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_nobody_there(start: Start) -> None:
    port = free_port()
    status, _, error = start("join", f"127.0.0.1:{port}", *QUIET).end()
    assert status == 1
    assert error.startswith("lockstep: ")
    assert str(port) in error
    assert "Traceback" not in error


@pytest.mark.parametrize("option", ["--port", "--web-port"])
def test_taken_port(start: Start, option: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, _, error = start("play", *SHOWN, "--bots", "0", option, str(port)).end()
    assert status == 1
    assert "lockstep: " in error
    assert str(port) in error
    assert "Traceback" not in error


def test_log_that_cannot_be_written(start: Start, tmp_path: Path) -> None:
    status, _, error = start("play", *QUIET, "--log", str(tmp_path / "no" / "folder.jsonl")).end()
    assert status == 1
    assert "lockstep: log file" in error
    assert "Traceback" not in error


def test_started_from_a_folder_with_a_foreign_client(start: Start, tmp_path: Path) -> None:
    """Children too must not import what lies around there."""
    for name in ("client", "netcode", "fuzz", "lockstep"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module runs')\n")
    program = start("play", *QUIET, "--ticks", "240", folder=tmp_path)
    figures = program.figures()
    assert "wrong module" not in "".join(program.said)
    assert any("join" in entry for entry in figures["log"])


def test_window_without_a_display_falls_back_to_the_page(start: Start, look: Look) -> None:
    program = start("play", *WORLD, "--terminal", "desktop", "--json", "--bots", "0")
    program.read_error_line(
        r"No window can be opened here \(.+\)\. Open the page at http://127\.0\.0\.1:\d+/\S+/"
    )
    url = re.search(r"http://\S+/", "".join(program.said))
    assert url is not None
    terminal = look(url[0].replace("http", "ws") + "terminal")
    assert terminal.read_text(lambda message: message["type"] == "welcome")["world"]["name"] == "small"
    program.interrupt()
    assert program.figures()["desyncs"] == 0
