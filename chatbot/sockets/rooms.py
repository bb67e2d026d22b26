"""Who is in which room, kept so that leaving costs the same however many are there.

python-socketio looks through every room for each client that leaves, and every client has a room of its own: ten
thousand that leave at once, as when a proxy is restarted, silenced a process for over a minute.
"""

from typing import Any

import socketio


class Rooms(socketio.AsyncManager):  # type: ignore[misc]
    """Remembers by client which rooms it is in."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (the next class's own)
        super().__init__(*args, **options)
        self._rooms_of: dict[str, list[str | None]] = {}

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Enter a room."""
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        rooms = self._rooms_of.setdefault(sid, [])
        if room not in rooms:
            rooms.append(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        """Leave a room."""
        super().basic_leave_room(sid, namespace, room)
        rooms = self._rooms_of.get(sid, [])
        if room in rooms:
            rooms.remove(room)

    def basic_disconnect(self, sid: str, namespace: str, **_: object) -> None:
        """Leave every room, and be waited for no longer."""
        for room in self._rooms_of.get(sid, [])[:]:
            self.basic_leave_room(sid, namespace, room)
        self._rooms_of.pop(sid, None)
        self.callbacks.pop(sid, None)
        for waited_for in (self.pending_connect, self.pending_disconnect):
            if sid in waited_for.get(namespace, ()):
                waited_for[namespace].remove(sid)
                if not waited_for[namespace]:
                    del waited_for[namespace]
