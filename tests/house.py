"""The service without its sockets: real turns over a real database, with a clock to move."""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from chatbot.config.settings import DatabaseSettings, Limits, Sandbox, Secrets, Settings, Sms, Team
from chatbot.config.settings import Payments as PaymentSettings
from chatbot.conversations.turns import Answer, Beginning, Inbound, Refused, Turns
from chatbot.demo.customers import load_demo
from chatbot.service import Service, open_service
from store.chats import codes
from tests.clock import FakeClock

SECRET = "a key for tests that is long enough"


def settings_for(folder: Path, **sections: Any) -> Settings:
    return Settings(
        **{
            "database": DatabaseSettings(url=f"sqlite:///{folder / 'billchat.db'}"),
            "secrets": Secrets(key=SecretStr(SECRET)),
            "team": Team(email="team@northwind.example"),
            "sms": Sms(account_sid="AC0", auth_token=SecretStr("twilio"), sender="+447700900999"),
            "payments": PaymentSettings(sandbox=Sandbox(secret=SecretStr("sandbox secret"))),
            "limits": Limits(),
            **sections,
        }
    )


@dataclass
class House:
    """Turns over the demo's customers."""

    service: Service
    clock: FakeClock
    turns: Turns
    told: list[Answer] = field(default_factory=list)

    @classmethod
    async def open(cls, folder: Path, clock: FakeClock, url: str = "", **sections: Any) -> "House":
        """Open the doors; without a database's address, over an SQLite file in the folder."""
        if url:
            sections["database"] = DatabaseSettings(url=url)
        service = open_service(settings_for(folder, **sections), clock)
        await service.database.migrate()
        await load_demo(service.database, clock.now().date())
        house = cls(service, clock, Turns(service))

        async def tell(answer: Answer) -> None:
            house.told.append(answer)

        house.turns.tell = tell
        return house

    async def close(self) -> None:
        await self.service.database.close()

    async def visitor(self, action: str | None = "pay_bill", address: str = "address", locale: str = "en") -> "Visitor":
        visitor = Visitor(self, uuid.uuid4().hex, address)
        await visitor.start(action, locale)
        return visitor

    async def code(self, conversation: str) -> str:
        """What a customer would read in the newest letter: right only if somebody has the identifier."""
        challenge = await self.service.database.look(lambda tx: codes.newest(tx, conversation))
        assert challenge is not None
        return self.service.keys.code(challenge.id, conversation)

    async def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        return await self.service.database.look(lambda tx: [dict(row) for row in tx.all(sql, params)])  # type: ignore[call-overload]


@dataclass
class Visitor:
    """Somebody in a chat."""

    house: House
    session: str
    address: str
    conversation: str = ""

    async def start(self, action: str | None, locale: str) -> Answer:
        answer = await self.house.turns.start(
            Beginning(self.session, uuid.uuid4().hex, self.address, "web", locale, action)
        )
        assert isinstance(answer, Answer)
        self.conversation = answer.conversation
        return answer

    async def try_to_say(
        self, text: str | None = None, choice: str | None = None, request: str = ""
    ) -> Answer | Refused:
        return await self.house.turns.say(
            Inbound(self.conversation, self.session, request or uuid.uuid4().hex, self.address, text, choice)
        )

    async def say(self, text: str) -> Answer:
        answer = await self.try_to_say(text)
        assert isinstance(answer, Answer)
        return answer

    async def choose(self, choice: str) -> Answer:
        answer = await self.try_to_say(choice=choice)
        assert isinstance(answer, Answer)
        return answer

    async def verify(self, identifier: str = "owes@example.com") -> Answer:
        """Give an identifier and the right code."""
        await self.say(identifier)
        return await self.say(await self.house.code(self.conversation))


def told(answer: Answer) -> str:
    """All that the bot said in a turn."""
    return "\n".join(message["text"] for message in answer.messages if message["from"] != "customer")


def cards(answer: Answer) -> list[str]:
    return [message["card"]["kind"] for message in answer.messages if "card" in message]


def choices(answer: Answer) -> list[str]:
    return [choice["id"] for choice in answer.messages[-1].get("choices", [])]
