"""The command line: `lockstep play` and `lockstep join`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from client.siblings import PackageShadowed, check_packages

TERMINALS: Final = ("desktop", "web", "none")
BOTS_MAX: Final = 15
TICKS_MAX: Final = 10**9
SEED_MAX: Final = 2**63 - 1
PHYSICS: Final = "lockstep.plugins.physics"
SUMMARY: Final = (
    "Played {confirmed} ticks: {rollbacks} rollbacks ({resimulated} ticks simulated again), {stalls} stalls,"
    " {desyncs} desyncs, {resyncs} resyncs; sent {bytes_out} bytes in {packets_out} packets."
)
THREADS_MAX: Final = 64
LOOPBACK: Final = ("127.0.0.1", "localhost")


def whole_number(text: str, low: int, high: int) -> int:
    """Read an argument that is a whole number from `low` to `high`.

    Raises
    ------
    argparse.ArgumentTypeError
        Says what was given and what is allowed.
    """
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: a whole number from {low} to {high}")
    return value


def core_address(text: str) -> str:
    """Read ``HOST:PORT`` of a core; for now cores meet on one machine only.

    Raises
    ------
    argparse.ArgumentTypeError
        Says what was given and what is allowed.
    """
    host, _, port = text.rpartition(":")
    allowed = (
        "127.0.0.1:PORT, as the other core printed it (connections between machines are not secured yet)"
    )
    if host not in LOOPBACK or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: {allowed}")
    return f"127.0.0.1:{port}"


def fault(text: str) -> tuple[int, str, int, str, int, int]:
    """Read a fault: tick, table, row, column, and perhaps lane and bit.

    Raises
    ------
    argparse.ArgumentTypeError
        Says what was given and what is allowed; whether there is such a cell is found out later.
    """
    parts = text.split(":")
    numbers = [parts[index] for index in (0, 2, 4, 5) if index < len(parts)]
    if not 4 <= len(parts) <= 6 or not all(part.isascii() and part.isdigit() for part in numbers):
        allowed = "TICK:TABLE:ROW:COLUMN[:LANE[:BIT]], such as 300:slots:1:position_q24:0:20"
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: {allowed}")
    parts += ["0"] * (6 - len(parts))
    return int(parts[0]), parts[1], int(parts[2]), parts[3], int(parts[4]), int(parts[5])


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    top = argparse.ArgumentParser(
        prog="lockstep", description="Several cores simulate one world, bit by bit alike."
    )
    top.add_argument("--version", action="version", version=f"lockstep {_version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="{play,join}")
    play = commands.add_parser("play", help="start a session", description="Start a session and play in it.")
    join = commands.add_parser(
        "join", help="join a session", description="Join the session of a running core."
    )
    join.add_argument(
        "address", metavar="ADDRESS", type=core_address, help="HOST:PORT that the other core printed"
    )
    play.add_argument(
        "--bots",
        type=lambda text: whole_number(text, 0, BOTS_MAX),
        metavar="N",
        default=1,
        help="cores played by bots, each in its own process (default 1)",
    )
    for command in (play, join):
        _add_common(command)
    return top


def _add_common(command: argparse.ArgumentParser) -> None:
    def number(low: int, high: int) -> Callable[[str], int]:
        return lambda text: whole_number(text, low, high)

    add = command.add_argument
    add(
        "--terminal",
        choices=TERMINALS,
        default="best",
        help="how to look at it (default: a window if there is a display, otherwise a page)",
    )
    add(
        "--world",
        default="sandbox",
        metavar="NAME_OR_FILE",
        help="a built-in world, or the file of a world module",
    )
    add("--seed", type=number(0, SEED_MAX), default=1, metavar="N", help="of the world (default 1)")
    add("--ticks", type=number(1, TICKS_MAX), metavar="N", help="stop when N ticks are confirmed")
    add("--bot", action="store_true", help="let a bot play this core")
    add("--port", type=number(0, 65535), default=0, metavar="N", help="port for other cores (default: any)")
    add("--web-port", type=number(0, 65535), default=0, metavar="N", help="port of the page (default: any)")
    add(
        "--log",
        type=Path,
        metavar="FILE",
        help="write what happens in the session to a file, one JSON line each",
    )
    add("--json", action="store_true", help="print the final figures as one line of JSON, and nothing else")
    add(
        "--fault",
        type=fault,
        metavar="TICK:TABLE:ROW:COLUMN[:LANE[:BIT]]",
        help="flip one bit of this core's own state before a tick, to see a desync found, named and healed",
    )
    add(
        "--no-reuse",
        dest="reuse",
        action="store_false",
        help="simulate all of the world again in a rollback, not what a late input touches, to compare",
    )
    add(
        "--threads",
        type=number(1, THREADS_MAX),
        metavar="N",
        help="threads for the physics of large worlds; states are the same (default: LOCKSTEP_THREADS or 1)",
    )
    add("--leash", action="store_true", help=argparse.SUPPRESS)


def summary(figures: Mapping[str, object]) -> str:
    """The final figures in one line for people; a figure that is missing counts as 0."""
    return SUMMARY.format_map(defaultdict(int, figures))


def _version() -> str:
    try:
        return metadata.version("lockstep-core")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0 done, 1 could not be done, 2 asked wrongly."""
    try:
        check_packages(Path(__file__).parent.parent)
    except PackageShadowed as error:
        print(f"lockstep: {error}", file=sys.stderr)
        return 1
    chosen = parser().parse_args(arguments)
    try:
        return _run(chosen)
    except KeyboardInterrupt:
        print("lockstep: stopped", file=sys.stderr)
        return 130


def _run(chosen: argparse.Namespace) -> int:
    # What compiles and simulates is loaded only now: help and mistakes are answered at once.
    import asyncio

    from client.play import PlayOptions, play
    from lockstep.core.worlds import load_world
    from lockstep.errors import LocalError
    from lockstep.peer.simulation import Fault
    from physics_fixed import errors as physics_errors

    output = sys.stderr if chosen.json else sys.stdout

    def say(line: str) -> None:
        print(line, file=output, flush=True)

    try:
        world = load_world(chosen.world)
        if PHYSICS in sys.modules:  # A world without physics starts at once.
            from client.startup import prepare_kernels

            prepare_kernels()
        options = PlayOptions(
            name="bot" if chosen.bot else "player",
            world=world,
            world_argument=chosen.world,
            seed=chosen.seed,
            address=getattr(chosen, "address", None),
            terminal=chosen.terminal,
            bots=getattr(chosen, "bots", 0),
            bot=chosen.bot,
            ticks=chosen.ticks,
            port=chosen.port,
            web_port=chosen.web_port,
            log_path=chosen.log,
            leash=chosen.leash,
            fault=None if chosen.fault is None else Fault(*chosen.fault),
            reuse=chosen.reuse,
            threads=chosen.threads,
        )
        figures = asyncio.run(play(options, say))
    except (LocalError, physics_errors.LocalError, OSError) as error:
        print(f"lockstep: {error}", file=sys.stderr)
        return 1
    if chosen.json:
        print(json.dumps(figures))
    else:
        say(summary(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
