"""The connected devices of every session: which connection belongs to which, and its room."""

from collections import Counter
from dataclasses import dataclass, replace

from chatbot.service import Service
from chatbot.sockets.redis_fanout import RedisFanout
from chatbot.sockets.server import LimitedServer


@dataclass(frozen=True, slots=True)
class ConnectedDevice:
    """A connected device: its browser's session, its language, and the digest of its network address.

    `browser` is the browser's first session where the device came with the token of a session that ended.
    """

    session: str
    locale: str
    address: str
    browser: str | None = None


class Devices(dict[str, ConnectedDevice]):
    """The devices of one namespace by connection. Each is in the room of its session."""

    def __init__(self, namespace: str, sio: LimitedServer, fanout: RedisFanout | None) -> None:
        super().__init__()
        self._namespace = namespace
        self._sio = sio
        self._fanout = fanout
        self.by_session: Counter[str] = Counter()
        """The number of devices of each session that has any."""

    async def enter(self, sid: str, device: ConnectedDevice) -> None:
        """Add a device; returns when it hears of the session's devices at other processes too."""
        self[sid] = device
        self.by_session[device.session] += 1
        await self._sio.enter_room(sid, device.session, namespace=self._namespace)
        if self._fanout is not None:
            await self._fanout.wait_until_announced(self._namespace, device.session)

    async def move(self, sid: str, session: str, browser: str | None = None) -> None:
        """Move a device to another session; ignored once it disconnected. `browser`: as in `ConnectedDevice`."""
        device = self.get(sid)
        if device is None or device.session == session:
            return
        self._discount(device.session)
        await self._sio.leave_room(sid, device.session, namespace=self._namespace)
        await self.enter(sid, replace(device, session=session, browser=browser))

    def leave(self, sid: str) -> bool:
        """Forget a device whose connection ended; False for an unknown one. Socket.IO empties its rooms."""
        device = self.pop(sid, None)
        if device is not None:
            self._discount(device.session)
        return device is not None

    def _discount(self, session: str) -> None:
        self.by_session[session] -= 1
        if not self.by_session[session]:
            del self.by_session[session]


def redis_fanout(service: Service) -> RedisFanout | None:
    """Return the fan-out to the service's other processes; None without Redis.

    Services that share a Redis share no channel: its name is derived from the service's key.
    """
    address = service.settings.redis.url
    if address is None:
        return None
    return RedisFanout(address, f"billchat-{service.keys.digest('neighbours')}", service.metrics.redis)
