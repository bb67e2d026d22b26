"""`billchat unlock`: a customer locked out by wrong codes."""

from pathlib import Path

import pytest

from chatbot.cli.unlock import unlock
from chatbot.config.settings import DatabaseSettings, Settings
from store import StoreError
from store.chats import codes
from store.drivers.opening import describe
from tests.service_fixture import ServiceFixture, cards


async def test_an_operator_lets_a_locked_customer_in_again(
    billchat: ServiceFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(100):
        await billchat.service.database.write(
            lambda tx: codes.record_attempt(tx, codes.FAILED, "owes@example.com", "a challenge", billchat.clock.now())
        )
    billchat.clock.forward(days=30)
    locked = await billchat.visitor()
    await locked.say("owes@example.com")
    assert await billchat.rows("select 1 from challenges") == []
    assert await unlock(billchat.service.settings, " Owes@Example.com") == 0
    printed = capsys.readouterr().out
    assert "100" in printed
    assert describe(billchat.service.settings.database.url) in printed
    assert cards(await (await billchat.visitor()).verify("owes@example.com")) == ["balance"]


async def test_an_identifier_that_is_unknown_or_not_locked_is_told(
    billchat: ServiceFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    await billchat.service.database.write(
        lambda tx: codes.record_attempt(tx, codes.FAILED, "nobody@example.com", "a challenge", billchat.clock.now())
    )
    place = describe(billchat.service.settings.database.url)
    assert await unlock(billchat.service.settings, "nobody@example.com") == 1
    printed = capsys.readouterr()
    assert printed.out == f"Wrong codes forgotten in the {place}: 1.\n"
    assert "No customer" in printed.err
    assert "nobody@example.com" in printed.err
    assert await unlock(billchat.service.settings, "+44 7700 900001") == 1
    assert capsys.readouterr().err == f"+447700900001 is not locked: the {place} holds no wrong codes for it.\n"


async def test_a_wrong_address_makes_no_new_database(tmp_path: Path) -> None:
    settings = Settings(database=DatabaseSettings(url=f"sqlite:///{tmp_path}/elsewhere.db"))
    with pytest.raises(StoreError, match=r"there is no database .*elsewhere\.db; look at database\.url"):
        await unlock(settings, "owes@example.com")
    assert not (tmp_path / "elsewhere.db").exists()


@pytest.mark.parametrize(
    ("url", "description"),
    [
        ("postgresql://billchat:hunter2@db.example:5432/bills", "database bills on db.example"),
        ("postgresql:///bills", "database bills on this machine"),
        ("sqlite:////nowhere/bills.db", "new database /nowhere/bills.db"),
    ],
)
def test_a_database_is_described_without_its_password(url: str, description: str) -> None:
    assert describe(url) == description


async def test_a_text_that_is_no_identifier_is_refused(
    billchat: ServiceFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await unlock(billchat.service.settings, "somebody") == 1
    assert "no email or mobile" in capsys.readouterr().err
