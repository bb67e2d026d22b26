"""A customer whom wrong codes locked out."""

import pytest

from chatbot.unlocking import unlock
from store import codes
from tests.house import House, cards


async def test_an_operator_lets_a_locked_customer_in_again(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(100):
        await house.service.database.write(
            lambda tx: codes.note(tx, codes.FAILED, "owes@example.com", "a challenge", house.clock.now())
        )
    house.clock.forward(days=30)
    locked = await house.visitor()
    await locked.say("owes@example.com")
    assert await house.rows("select 1 from challenges") == []
    assert await unlock(house.service.settings, " Owes@Example.com") == 0
    assert "100" in capsys.readouterr().out
    assert cards(await (await house.visitor()).verify("owes@example.com")) == ["balance"]


async def test_what_is_no_identifier_is_told(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert await unlock(house.service.settings, "somebody") == 1
    assert "no email or mobile" in capsys.readouterr().err
