"""The web server refuses whom it must, and outlives hostile and slow terminals.

Real sockets on the loopback interface; the core behind the server is scripted, so no test waits for time.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from client.web.pages import load_pages
from client.web.server import TERMINAL_COUNT_MAX, PortRefused, WebServer
from lockstep.terminal import (
    DeviceReport,
    Event,
    Hello,
    decode_from_core,
    decode_view,
    encode_from_core,
    encode_from_terminal,
    is_view,
)
from lockstep.terminal.limits import TERMINAL_MESSAGES_PER_SECOND_MAX, TERMINAL_TEXT_SIZE_MAX

from .conftest import WAIT_S, ScriptedTerminal, ServerThread

HELLO = '{"type":"hello","protocol":1,"terminal":"test"}'


def request(
    served: ServerThread, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, dict[str, str], bytes]:
    port = int(served.server.url.split(":")[2].split("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def root(served: ServerThread) -> str:
    return "/" + served.server.url.split("/", 3)[3]


def attach(served: ServerThread, **options: Any) -> ClientConnection:
    return connect(served.server.terminal_url, compression=None, open_timeout=WAIT_S, **options)


def read_text(connection: ClientConnection) -> dict[str, Any]:
    """The next text message."""
    while True:
        message = connection.recv(WAIT_S)
        if isinstance(message, str):
            found: dict[str, Any] = json.loads(message)
            return found


def read_close(connection: ClientConnection) -> tuple[int, str]:
    """Read until the server closes; its code and reason."""
    read_all(connection)
    assert connection.close_code is not None
    return connection.close_code, connection.close_reason or ""


def read_all(connection: ClientConnection) -> list[str | bytes]:
    """Everything until the connection is closed."""
    found: list[str | bytes] = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            found.append(connection.recv(WAIT_S))
    return found


def test_page_and_its_files_are_served_with_a_strict_policy(served: ServerThread) -> None:
    for path, page in load_pages().items():
        status, headers, body = request(served, root(served) + path)
        assert (status, body) == (200, page.body), path
        assert headers["content-type"] == page.content_type
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self' 'sha256-")
        assert "unsafe" not in policy
    assert request(served, root(served))[2] == load_pages()["index.html"].body


def test_vendored_library_is_complete_and_small() -> None:
    pages = load_pages()
    vendored = {path: len(page.body) for path, page in pages.items() if path.startswith("vendor/")}
    assert set(vendored) == {"vendor/three.core.min.js", "vendor/three.module.min.js"}
    assert all(size < 1_000_000 for size in vendored.values())
    assert sum(vendored.values()) < 1_000_000


@pytest.mark.parametrize(
    "path",
    ["nothing.js", "../server.py", "..%2f..%2fserver.py", "vendor/", "%2e%2e/cli.py", "vendor/three.LICENSE"],
)
def test_nothing_else_is_served(served: ServerThread, path: str) -> None:
    status, headers, _ = request(served, root(served) + path)
    assert status == 404
    assert "content-security-policy" in headers


def test_token_is_required_and_long(served: ServerThread) -> None:
    token = root(served).strip("/")
    assert len(token) >= 32
    for path in ("/", "/index.html", f"/{token[:-1]}/", f"/{token}x/", "/%ff%fe/", f"/{token[:-1]}/terminal"):
        assert request(served, path)[0] == 404, path
    assert request(served, f"/{token}")[0] == 308


def test_two_servers_have_different_tokens() -> None:
    tokens = {WebServer(lambda: pytest.fail("nobody attaches"))._token for _ in range(20)}
    assert len(tokens) == 20


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "[::1]:1"])
def test_other_hosts_are_refused(served: ServerThread, host: str) -> None:
    assert request(served, root(served), {"Host": host})[0] == 421


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", ""]
)
def test_other_origins_are_refused(served: ServerThread, origin: str) -> None:
    assert request(served, root(served), {"Origin": origin})[0] == 403
    with (
        pytest.raises(InvalidStatus) as refused,
        attach(served, additional_headers={"Origin": origin}),
    ):
        pass
    assert refused.value.response.status_code == 403
    assert not served.terminals


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_own_origin_and_programs_are_welcome(served: ServerThread, host: str) -> None:
    port = served.server.url.split(":")[2].split("/")[0]
    for headers in ({"Origin": f"http://{host}:{port}"}, {}):
        with attach(served, additional_headers=headers) as connection:
            connection.send(HELLO)
            assert read_text(connection)["type"] == "welcome"


def test_only_reading_methods(served: ServerThread) -> None:
    assert request(served, root(served), method="POST")[0] == 405
    assert request(served, root(served) + "terminal")[0] == 400


def test_several_terminals_and_their_bound(served: ServerThread) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(TERMINAL_COUNT_MAX):
            connection = stack.enter_context(attach(served))
            connection.send(HELLO)
            assert read_text(connection)["type"] == "welcome"
        assert served.server.terminal_count == TERMINAL_COUNT_MAX
        with pytest.raises(InvalidStatus) as refused, attach(served):
            pass
        assert refused.value.response.status_code == 503
    for terminal in served.terminals:
        assert terminal.closed.wait(WAIT_S)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "[" * 4000,
        '{"type":"input"}',
        '{"type":"input","sequence":0,"buttons":["fly"],"axes":{}}',
        '{"type":"input","sequence":0,"buttons":[],"axes":{"move_x":1e999}}',
        '{"type":"command","name":"<script>","args":{}}',
        '{"type":"hello","protocol":2,"terminal":"old"}',
        '{"type":"\\ud800"}',
    ],
)
def test_wrong_messages_are_answered_and_survived(served: ServerThread, text: str) -> None:
    with attach(served) as connection:
        connection.send(text)
        answer = read_text(connection)
        assert answer["type"] == "error"
        assert answer["what"]
        assert answer["where"]
        assert answer["allowed"]
        connection.send('{"type":"ping","id":1}')
        assert read_text(connection) == {"type": "pong", "id": 1}


def test_long_message_closes(served: ServerThread) -> None:
    with attach(served) as connection:
        connection.send("x" * (TERMINAL_TEXT_SIZE_MAX + 1))
        assert read_close(connection)[0] == 1009
    assert served.terminal(0).closed.wait(WAIT_S)


def test_binary_message_closes(served: ServerThread) -> None:
    with attach(served) as connection:
        connection.send(b"\x02\x01")
        assert read_text(connection)["allowed"] == "text messages"
        assert read_close(connection) == (1003, "text messages only")


def test_flood_closes_and_others_play_on(served: ServerThread) -> None:
    with attach(served) as other, attach(served) as connection:
        flood = 20 * TERMINAL_MESSAGES_PER_SECOND_MAX
        with connection:
            for number in range(flood):
                try:
                    connection.send(encode_from_terminal(DeviceReport(number, (), {})))
                except ConnectionClosed:
                    break
            assert read_close(connection) == (1008, "too many messages")
        answered = [message for message in served.terminal(1).received if isinstance(message, DeviceReport)]
        assert TERMINAL_MESSAGES_PER_SECOND_MAX <= len(answered) < flood
        other.send(HELLO)
        assert read_text(other)["type"] == "welcome"


def test_raw_bytes_do_not_stop_the_server(served: ServerThread) -> None:
    port = int(served.server.url.split(":")[2].split("/")[0])
    for data in (b"\x00" * 100, b"GET " + b"a" * 20_000 + b"\r\n\r\n", b"\x16\x03\x01\x00\xa5\x01"):
        with socket.create_connection(("127.0.0.1", port), WAIT_S) as raw:
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
    assert request(served, root(served))[0] == 200


def test_slow_terminal_misses_views_but_no_message(served: ServerThread) -> None:
    """It reads nothing until everything was said; then it has all texts, and the last poses."""
    view_count, text_every = 20_000, 100
    with attach(served) as connection:
        connection.send(HELLO)
        terminal = served.terminal(0)
        terminal.expect(lambda message: isinstance(message, Hello))
        said = _say_much(served, terminal, view_count, text_every)
        terminal.say(None)
        messages = read_all(connection)
        assert connection.close_code == 1001
    texts = [message for message in messages if isinstance(message, str)]
    views = [decode_view(message) for message in messages if isinstance(message, bytes) and is_view(message)]
    assert texts[1:] == said
    ticks = [view.tick for view in views]
    assert ticks == sorted(ticks)
    assert len(views) < view_count / 2
    poses: dict[int, list[float]] = {}
    for view in views:
        poses.update(zip(view.slots.tolist(), view.positions.tolist(), strict=True))
    assert poses == dict(zip(range(4), terminal.stage.positions.tolist(), strict=True))
    assert ticks[-1] == view_count + 1


def _say_much(
    served: ServerThread, terminal: ScriptedTerminal, view_count: int, text_every: int
) -> list[str]:
    said = []

    async def speak() -> None:
        for number in range(view_count):
            terminal.stage.positions[number % 4] += 0.25
            terminal.outgoing.put_nowait(terminal.view())
            if number % text_every == 0:
                said.append(encode_from_core(Event("delay", number, f"event {number}")))
                terminal.outgoing.put_nowait(said[-1])
            await asyncio.sleep(0)
        while not terminal.outgoing.empty():
            await asyncio.sleep(0)

    served.call(speak())
    return said


def test_terminal_that_never_reads_is_given_up(served: ServerThread) -> None:
    with attach(served) as connection:
        connection.send(HELLO)
        terminal = served.terminal(0)
        text = encode_from_core(Event("delay", 1, "x" * 900))
        terminal.say(*[text] * 12_000)
        assert terminal.closed.wait(WAIT_S)
        code, reason = read_close(connection)
    assert (code, reason) == (1008, "this terminal does not read its messages")


def test_end_of_the_core_closes_its_terminals(served: ServerThread) -> None:
    with attach(served) as connection:
        connection.send(HELLO)
        assert decode_from_core(json.dumps(read_text(connection))) is not None
        served.terminal(0).say(None)
        assert read_close(connection) == (1001, "the core has ended")


def test_close_of_the_server_says_goodbye(served: ServerThread) -> None:
    with attach(served) as connection:
        connection.send(HELLO)
        read_text(connection)
        served.call(served.server.close())
        assert read_close(connection) == (1001, "the core has ended")


def test_taken_port_is_refused_with_its_number(served: ServerThread) -> None:
    port = int(served.server.url.split(":")[2].split("/")[0])

    async def start() -> None:
        await WebServer(lambda: pytest.fail("nobody attaches"), port=port).start()

    with pytest.raises(PortRefused, match=f"cannot listen on port {port}: .*allowed: a free port"):
        served.call(start())
