"""Room membership: leaving is complete, and touches no other client."""

from typing import Any

from chatbot.sockets.rooms import Rooms

CHAT = "/chat"


class UnscannableRooms(dict[str | None, Any]):
    """Rooms that allow a look-up, but no scan."""

    def items(self) -> Any:
        raise AssertionError("every room was scanned")

    def copy(self) -> Any:
        raise AssertionError("every room was copied")


def two_clients() -> Rooms:
    """Return rooms with two clients in one session; Ben is in another room too."""
    rooms = Rooms()
    for sid, entered in (("ada", ["session"]), ("ben", ["session", "other"])):
        rooms.basic_enter_room(sid, CHAT, None, eio_sid=f"{sid}'s socket")
        for room in (sid, *entered):
            rooms.basic_enter_room(sid, CHAT, room)
    return rooms


def test_a_disconnected_client_leaves_every_room_and_the_others_stay() -> None:
    rooms = two_clients()
    rooms.basic_disconnect("ben", CHAT)
    assert set(rooms.rooms[CHAT]) == {None, "ada", "session"}
    assert dict(rooms.get_participants(CHAT, "session")) == {"ada": "ada's socket"}
    assert not rooms.is_connected("ben", CHAT)
    assert rooms.is_connected("ada", CHAT)


def test_nothing_is_kept_of_disconnected_clients() -> None:
    rooms = two_clients()
    for sid in ("ada", "ben"):
        rooms.pending_connect.setdefault(CHAT, []).append(sid)
        rooms.pre_disconnect(sid, CHAT)
    for sid in ("ada", "ben"):
        rooms.basic_disconnect(sid, CHAT)
    kept = (rooms.rooms, rooms._rooms_by_sid, rooms.pending_connect, rooms.pending_disconnect, rooms.callbacks)
    assert not any(kept), kept


def test_disconnecting_does_not_scan_other_rooms() -> None:
    rooms = two_clients()
    rooms.rooms[CHAT] = UnscannableRooms(rooms.rooms[CHAT])
    rooms.basic_disconnect("ben", CHAT)
    assert not rooms.is_connected("ben", CHAT)


def test_leaving_twice_does_no_harm() -> None:
    rooms = two_clients()
    rooms.basic_leave_room("ben", CHAT, "other")
    rooms.basic_leave_room("ben", CHAT, "other")
    rooms.basic_disconnect("nobody", CHAT)
    rooms.basic_disconnect("ben", CHAT)
    rooms.basic_disconnect("ben", CHAT)
    assert set(rooms.rooms[CHAT]) == {None, "ada", "session"}
