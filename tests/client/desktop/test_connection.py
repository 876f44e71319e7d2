"""The connection's thread against a scripted core on a real socket: messages both ways, all kinds of ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from client.desktop.connection import Connection, ConnectionChange, Received
from lockstep.terminal import Bye, Event, Hello, Ping, Pong, Scene, View, Welcome, encode_from_core

from .conftest import WAIT_S, WELCOME, ScriptedCore


@contextmanager
def connected(address: str, give_up_s: float = WAIT_S) -> Iterator[Connection]:
    connection = Connection(address, give_up_s=give_up_s)
    try:
        yield connection
    finally:
        connection.close()


def receive_until(connection: Connection, wanted: Callable[[Received], bool]) -> list[Received]:
    deadline = time.monotonic() + WAIT_S
    found: list[Received] = []
    while not (found and wanted(found[-1])):
        received = connection.wait(deadline - time.monotonic())
        assert received is not None, [type(item.message).__name__ for item in found]
        found.append(received)
    return found


def change_to(state: str) -> Callable[[Received], bool]:
    return lambda item: isinstance(item.message, ConnectionChange) and item.message.state == state


def test_says_hello_and_receives_welcome_scene_and_views_in_order(core: ScriptedCore) -> None:
    with connected(core.address) as connection:
        found = receive_until(
            connection, lambda item: isinstance(item.message, View) and item.message.tick == 5
        )
    kinds = [type(item.message) for item in found]
    assert kinds == [ConnectionChange, Welcome, Scene, *[View] * 6]
    assert core.messages[0] == Hello(1, "desktop")
    assert found[1].message == WELCOME
    views = [item.message for item in found[3:]]
    assert [view.tick for view in views if isinstance(view, View)] == list(range(6))
    assert [item.at_s for item in found] == sorted(item.at_s for item in found)


def test_what_is_sent_arrives_in_order(core: ScriptedCore) -> None:
    with connected(core.address) as connection:
        receive_until(connection, change_to("open"))
        for number in range(20):
            connection.send(Ping(number))
        core.wait_for(lambda core: Ping(19) in core.messages)
        receive_until(connection, lambda item: item.message == Pong(19))
    assert [message for message in core.messages if isinstance(message, Ping)] == [Ping(n) for n in range(20)]
    assert core.problems == []


def test_a_goodbye_is_the_end(core: ScriptedCore) -> None:
    with connected(core.address) as connection:
        core.wait_for(lambda core: core.attached == 1)
        core.send(encode_from_core(Bye("3600 ticks are confirmed")))
        last = receive_until(connection, change_to("closed"))[-1].message
    assert last == ConnectionChange("closed", "3600 ticks are confirmed", farewell=True)


def test_a_lost_connection_is_tried_again_and_begins_anew(core: ScriptedCore) -> None:
    with connected(core.address) as connection:
        core.wait_for(lambda core: core.attached == 1)
        core.drop()
        receive_until(connection, change_to("lost"))
        found = receive_until(
            connection, lambda item: isinstance(item.message, View) and item.message.keyframe
        )
    assert [type(item.message) for item in found[-4:]] == [ConnectionChange, Welcome, Scene, View]


def test_without_a_core_it_gives_up_and_says_where_it_looked(core: ScriptedCore) -> None:
    core.close()
    with connected(core.address, give_up_s=0.0) as connection:
        last = receive_until(connection, change_to("closed"))[-1].message
    assert isinstance(last, ConnectionChange)
    assert core.address in last.text
    assert not last.farewell


def test_a_refusal_is_final(core: ScriptedCore) -> None:
    core.refuse = True
    with connected(core.address) as connection:
        last = receive_until(connection, change_to("closed"))[-1].message
    assert last == ConnectionChange("closed", "the core refused us (status 403)")


def test_a_message_it_cannot_read_is_named(core: ScriptedCore) -> None:
    with connected(core.address) as connection:
        core.wait_for(lambda core: core.attached == 1)
        core.send(b"\x02\x63not a view")
        last = receive_until(connection, change_to("closed"))[-1].message
    assert isinstance(last, ConnectionChange)
    assert "view" in last.text


def test_messages_of_an_unknown_type_are_passed_over(core: ScriptedCore) -> None:
    with connected(core.address) as connection:
        core.wait_for(lambda core: core.attached == 1)
        core.send('{"type":"weather","sky":"blue"}')
        core.send(encode_from_core(Event("joined", 7, "Player 2 joined")))
        receive_until(connection, lambda item: item.message == Event("joined", 7, "Player 2 joined"))


def test_close_leaves_the_core_and_ends_the_thread(core: ScriptedCore) -> None:
    before = threading.active_count()
    with connected(core.address) as connection:
        core.wait_for(lambda core: core.attached == 1)
    core.wait_for(lambda core: core.attached == 0)
    assert threading.active_count() == before
    connection.send(Ping(1))  # nobody is there any more; that is no error
    assert isinstance(connection.poll(), list)
