"""The service without its sockets: real turns over a real database, with a clock to move."""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from chatbot.channels.web.wire import messages_to_wire
from chatbot.config.settings import (
    DatabaseSettings,
    LimitSettings,
    PaymentSettings,
    SecretSettings,
    Settings,
    SmsSettings,
    TeamSettings,
)
from chatbot.conversations.requests import SayRequest, StartRequest, TurnRefusal, TurnResult
from chatbot.conversations.turns import Turns
from chatbot.demo.customers import load_demo
from chatbot.payments.gateways.sandbox import SandboxSettings
from chatbot.service import Service, open_service
from store.chats import codes
from tests.clock import FakeClock

SECRET = "a key for tests that is long enough"
VISITOR = "a visitor's connection"


def settings_for(folder: Path, **sections: Any) -> Settings:
    return Settings(
        **{
            "database": DatabaseSettings(url=f"sqlite:///{folder / 'billchat.db'}"),
            "secrets": SecretSettings(key=SecretStr(SECRET)),
            "team": TeamSettings(email="team@northwind.example"),
            "sms": SmsSettings(account_sid="AC0", auth_token=SecretStr("twilio"), sender="+447700900999"),
            "payments": PaymentSettings.using(sandbox=SandboxSettings(secret=SecretStr("sandbox secret"))),
            "limits": LimitSettings(),
            **sections,
        }
    )


@dataclass
class ServiceFixture:
    """Turns over the demo's customers."""

    service: Service
    clock: FakeClock
    turns: Turns
    told: list[TurnResult] = field(default_factory=list)

    @classmethod
    async def open(cls, folder: Path, clock: FakeClock, url: str = "", **sections: Any) -> "ServiceFixture":
        """Open the doors; without a database's address, over an SQLite file in the folder."""
        if url:
            sections["database"] = DatabaseSettings(url=url)
        service = open_service(settings_for(folder, **sections), clock)
        await service.database.migrate()
        await load_demo(service.database, clock.now().date())
        billchat = cls(service, clock, Turns(service))

        async def record(result: TurnResult) -> None:
            if result.origin is None:  # no customer of ours: an external event
                billchat.told.append(result)

        billchat.turns.subscribe(record)
        return billchat

    async def close(self) -> None:
        await self.service.database.close()

    async def visitor(self, action: str | None = "pay_bill", address: str = "address", locale: str = "en") -> "Visitor":
        visitor = Visitor(self, uuid.uuid4().hex, address)
        await visitor.start(action, locale)
        return visitor

    async def code(self, conversation: str) -> str:
        """What a customer would read in the newest letter: right only if somebody has the identifier."""
        challenge = await self.service.database.read(lambda tx: codes.newest_challenge(tx, conversation))
        assert challenge is not None
        return self.service.keys.code(challenge.id, conversation)

    def wire(self, result: TurnResult) -> list[dict[str, Any]]:
        """A turn's messages as the website's clients get them."""
        return messages_to_wire(self.service, result.conversation, result.messages)

    async def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        return await self.service.database.read(lambda tx: [dict(row) for row in tx.all(sql, params)])  # type: ignore[call-overload]


@dataclass
class Visitor:
    """Somebody in a chat."""

    billchat: ServiceFixture
    session: str
    address: str
    conversation: str = ""
    browser: str | None = None

    async def start(self, action: str | None, locale: str) -> TurnResult:
        answer = await self.billchat.turns.start(
            StartRequest(
                self.session, uuid.uuid4().hex, self.address, "web", locale, action, VISITOR, browser=self.browser
            )
        )
        assert isinstance(answer, TurnResult)
        self.conversation = answer.conversation
        return answer

    async def try_to_say(
        self, text: str | None = None, choice: str | None = None, request: str = ""
    ) -> TurnResult | TurnRefusal:
        answer = await self.billchat.turns.say(
            SayRequest(
                self.conversation, self.session, request or uuid.uuid4().hex, self.address, text, choice, VISITOR
            )
        )
        if isinstance(answer, TurnResult) and answer.renewed_token is not None:
            self.session = answer.session
        return answer

    async def say(self, text: str) -> TurnResult:
        answer = await self.try_to_say(text)
        assert isinstance(answer, TurnResult)
        return answer

    async def choose(self, choice: str) -> TurnResult:
        answer = await self.try_to_say(choice=choice)
        assert isinstance(answer, TurnResult)
        return answer

    async def verify(self, identifier: str = "owes@example.com") -> TurnResult:
        """Give an identifier and the right code."""
        await self.say(identifier)
        return await self.say(await self.billchat.code(self.conversation))


def told(answer: TurnResult) -> str:
    """All that the bot said in a turn."""
    return "\n".join(message.text for message in answer.messages if message.author != "customer")


def cards(answer: TurnResult) -> list[str]:
    return [message.extra["card"]["kind"] for message in answer.messages if message.extra and "card" in message.extra]


def choices(answer: TurnResult) -> list[str]:
    return [choice["id"] for choice in (answer.messages[-1].extra or {}).get("choices", [])]
