"""Knowledge of the rooms that other processes have members in; for `chatbot.sockets.redis_fanout`. No I/O.

Rooms are named by their channels. Nothing is known of a room without local members.
"""

import asyncio
import contextlib
from collections.abc import Iterator


class RemoteMembers:
    """Tells for each room with local members whether another process has members too."""

    def __init__(self) -> None:
        self._exist: dict[str, bool | None] = {}
        """By channel; None: not known yet."""
        self._outstanding: dict[str, int] = {}
        """Outstanding hello replies per channel; negative if replies overtake the subscriber count."""
        self._announcing: dict[str, asyncio.Future[None]] = {}

    def __contains__(self, channel: object) -> bool:
        return channel in self._exist

    def __iter__(self) -> Iterator[str]:
        return iter(self._exist)

    def may_exist(self, channel: str) -> bool:
        """Tell whether a room may have remote members; True also if that is unknown."""
        return self._exist.get(channel, True) is not False

    def add(self, channel: str, *, will_announce: bool) -> None:
        """Add the room of a first local member. With `will_announce`, `wait_until_announced` waits for it."""
        self._exist[channel] = None
        if will_announce:
            self._announcing[channel] = asyncio.get_running_loop().create_future()

    def remove(self, channel: str) -> None:
        """Remove a room without local members."""
        del self._exist[channel]
        self._outstanding.pop(channel, None)
        self._release(channel)

    def record(self, channel: str, exist: bool) -> None:
        """Record whether a room has remote members."""
        if channel in self._exist:
            self._exist[channel] = exist

    def start_announcing(self, channel: str) -> None:
        """Start to count replies, before the announcement of a room is published."""
        self._outstanding[channel] = 0

    def announced(self, channel: str, receivers: int) -> None:
        """Record that `receivers` other processes received the announcement of a room; each will reply."""
        if receivers or self._exist.get(channel, True) is None:
            self.record(channel, receivers > 0)
        self._expect_replies(channel, receivers)

    def replied(self, channel: str) -> None:
        """Count a reply to an announcement."""
        self._expect_replies(channel, -1)

    async def wait_until_announced(self, channel: str, timeout_s: float) -> None:
        """Wait until each process with members in a room knows of ours, or the timeout."""
        if announcing := self._announcing.get(channel):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await asyncio.shield(announcing)

    def reset(self) -> None:
        """Mark everything unknown and release all waiting, because Redis was lost."""
        self._exist = dict.fromkeys(self._exist)
        self._outstanding.clear()
        for channel in list(self._announcing):
            self._release(channel)

    def _expect_replies(self, channel: str, change: int) -> None:
        if channel in self._outstanding:
            self._outstanding[channel] += change
            if self._outstanding[channel] == 0:
                del self._outstanding[channel]
                self._release(channel)

    def _release(self, channel: str) -> None:
        if (announcing := self._announcing.pop(channel, None)) is not None and not announcing.done():
            announcing.set_result(None)
