"""The example of the network code alone runs, over real sockets, and everything arrives."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "two_endpoints.py"


def test_two_endpoints(capsys: pytest.CaptureFixture[str]) -> None:
    specification = importlib.util.spec_from_file_location("two_endpoints", EXAMPLE)
    assert specification is not None
    assert specification.loader is not None
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)
    host, guest = asyncio.run(example.main(20))
    assert host.received == [f"guest {index // 10}".encode() for index in range(20)]
    assert guest.received == [f"host {index // 10}".encode() for index in range(20)]
    assert "20 updates received" in capsys.readouterr().out
