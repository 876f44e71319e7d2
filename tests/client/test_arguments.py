"""The command line: what it takes, and that a mistake is answered by what was given and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.cli import main, parser


def test_defaults_of_play() -> None:
    chosen = parser().parse_args(["play"])
    assert (chosen.terminal, chosen.bots, chosen.ticks, chosen.world) == ("best", 1, None, "sandbox")
    assert (chosen.port, chosen.web_port, chosen.bot, chosen.json, chosen.log) == (0, 0, False, False, None)


def test_everything_that_play_takes() -> None:
    words = (
        "play --terminal web --bots 3 --ticks 60 --world my.py --seed 9 --json --port 7000 --web-port 7001"
    )
    chosen = parser().parse_args([*words.split(), "--log", "events.jsonl", "--bot"])
    assert (chosen.terminal, chosen.bots, chosen.ticks, chosen.seed) == ("web", 3, 60, 9)
    assert (chosen.port, chosen.web_port, chosen.bot, chosen.json) == (7000, 7001, True, True)
    assert chosen.log == Path("events.jsonl")
    assert chosen.threads is None
    assert parser().parse_args(["play", "--threads", "4"]).threads == 4


@pytest.mark.parametrize(
    ("given", "address"), [("127.0.0.1:80", "127.0.0.1:80"), ("localhost:9", "127.0.0.1:9")]
)
def test_address_of_join(given: str, address: str) -> None:
    assert parser().parse_args(["join", given]).address == address


@pytest.mark.parametrize(
    ("words", "given", "allowed"),
    [
        ("play --ticks 0", "'0'", "from 1 to 1000000000"),
        ("play --ticks many", "'many'", "from 1 to"),
        ("play --bots 16", "'16'", "from 0 to 15"),
        ("play --bots -1", "'-1'", "from 0 to 15"),
        ("play --port 65536", "'65536'", "from 0 to 65535"),
        ("play --threads 0", "'0'", "from 1 to 64"),
        ("join 127.0.0.1:9 --threads 65", "'65'", "from 1 to 64"),
        ("play --seed -1", "'-1'", "from 0 to 9223372036854775807"),
        ("play --terminal vr", "'vr'", "none"),
        ("join 10.0.0.1:7000", "'10.0.0.1:7000'", "127.0.0.1:PORT"),
        ("join 127.0.0.1", "'127.0.0.1'", "127.0.0.1:PORT"),
        ("join 127.0.0.1:0", "'127.0.0.1:0'", "127.0.0.1:PORT"),
        ("join 127.0.0.1:70000", "'127.0.0.1:70000'", "127.0.0.1:PORT"),
        ("dance", "'dance'", "play"),
    ],
)
def test_mistakes_are_answered(
    words: str, given: str, allowed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words.split())
    message = capsys.readouterr().err
    assert ended.value.code == 2
    assert given in message
    assert allowed in message


def test_unknown_world_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "--world", "nowhere", "--terminal", "none"]) == 1
    message = capsys.readouterr().err
    assert message.startswith("lockstep: world 'nowhere'")
    assert "sandbox" in message
