"""Rooms: who leaves is gone from all of them, and nobody else is looked at."""

from typing import Any

from chatbot.sockets.rooms import Rooms

CHAT = "/chat"


class Closed(dict[str | None, Any]):
    """Rooms that may be asked for one by one, and not be looked through."""

    def items(self) -> Any:
        raise AssertionError("every room was looked through")

    def copy(self) -> Any:
        raise AssertionError("every room was copied")


def with_two() -> Rooms:
    """Ada's and Ben's clients are in the same session, and Ben's in another room, too."""
    rooms = Rooms()
    for sid, entered in (("ada", ["session"]), ("ben", ["session", "other"])):
        rooms.basic_enter_room(sid, CHAT, None, eio_sid=f"{sid}'s socket")
        for room in (sid, *entered):
            rooms.basic_enter_room(sid, CHAT, room)
    return rooms


def test_who_leaves_is_gone_from_every_room_and_the_others_stay() -> None:
    rooms = with_two()
    rooms.basic_disconnect("ben", CHAT)
    assert set(rooms.rooms[CHAT]) == {None, "ada", "session"}
    assert dict(rooms.get_participants(CHAT, "session")) == {"ada": "ada's socket"}
    assert not rooms.is_connected("ben", CHAT)
    assert rooms.is_connected("ada", CHAT)


def test_the_last_to_leave_leaves_nothing_behind() -> None:
    rooms = with_two()
    for sid in ("ada", "ben"):
        rooms.pending_connect.setdefault(CHAT, []).append(sid)
        rooms.pre_disconnect(sid, CHAT)
    for sid in ("ada", "ben"):
        rooms.basic_disconnect(sid, CHAT)
    kept = (rooms.rooms, rooms._rooms_of, rooms.pending_connect, rooms.pending_disconnect, rooms.callbacks)
    assert not any(kept), kept


def test_leaving_looks_through_nobody_elses_rooms() -> None:
    rooms = with_two()
    rooms.rooms[CHAT] = Closed(rooms.rooms[CHAT])
    rooms.basic_disconnect("ben", CHAT)
    assert not rooms.is_connected("ben", CHAT)


def test_who_is_not_there_may_leave_again() -> None:
    rooms = with_two()
    rooms.basic_leave_room("ben", CHAT, "other")
    rooms.basic_leave_room("ben", CHAT, "other")
    rooms.basic_disconnect("nobody", CHAT)
    rooms.basic_disconnect("ben", CHAT)
    rooms.basic_disconnect("ben", CHAT)
    assert set(rooms.rooms[CHAT]) == {None, "ada", "session"}
