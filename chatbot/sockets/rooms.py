"""Room membership with an index by client, so that a client leaves at a cost independent of the number of rooms.

python-socketio's manager scans every room for each client that disconnects, and every client has a room of its own:
10,000 disconnecting at once, as when a proxy restarts, blocked a process for over a minute.
"""

from typing import Any

import socketio


class Rooms(socketio.AsyncManager):  # type: ignore[misc]
    """Socket.IO's manager, with the rooms of each client."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (the next class's own)
        super().__init__(*args, **options)
        self._rooms_by_sid: dict[str, list[str | None]] = {}

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Enter a room."""
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        rooms = self._rooms_by_sid.setdefault(sid, [])
        if room not in rooms:
            rooms.append(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        """Leave a room."""
        super().basic_leave_room(sid, namespace, room)
        rooms = self._rooms_by_sid.get(sid, [])
        if room in rooms:
            rooms.remove(room)

    def basic_disconnect(self, sid: str, namespace: str, **_: object) -> None:
        """Leave every room, and drop the client's callbacks and pending states."""
        for room in self._rooms_by_sid.get(sid, [])[:]:
            self.basic_leave_room(sid, namespace, room)
        self._rooms_by_sid.pop(sid, None)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]
