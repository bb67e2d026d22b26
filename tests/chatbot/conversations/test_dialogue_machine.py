"""Customers do anything in any order, for thousands of runs: nothing about an account is said without a right code.

What was proven is kept here a second time, from what customers did alone, and compared with what they were told.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from chatbot.conversations.requests import SayRequest, StartRequest, TurnRefusal, TurnResult
from chatbot.payments.conversation_events import expire_link
from chatbot.payments.gateways.gateway import PaymentReport
from chatbot.payments.parts import Payments
from chatbot.service import Service
from flows.states import PROMPTING
from store.billing import accounts, payment_links, payments
from store.billing.payment_links import PaymentLink
from store.chats import codes
from store.chats.conversations import WITH_PROOF, Message
from tests.clock import FakeClock
from tests.in_memory import InMemoryDatabase, import_demo_customers, in_memory_service, in_memory_turns, run_now
from tests.sizes import size

RUNS, STEPS = size(300, 10_000), 10
# Messages back to which a choice is still known by its name.
REMEMBERED = 50
IDLE, AT_MOST, CODE_LIVES = timedelta(minutes=15), timedelta(hours=12), timedelta(minutes=10)
SESSION_IDLE, SESSION_AT_MOST = timedelta(minutes=110), timedelta(hours=12)  # seen to ten minutes

KNOWN = [
    "owes@example.com",
    "dd@example.com",
    "clear@example.com",
    "many@example.com",
    "+44 7700 900001",
    "07700 900004",
]
IDENTIFIERS = [
    *KNOWN,
    *KNOWN,
    "nobody@example.com",
    "07700 900999",
    "owes@example.com or dd@example.com",
    "owes@gmial.com",
]
WISHES = [
    "pay my bill", "what do I owe", "repeat", "back", "menu", "start over", "sign out", "help", "yes", "no", "1", "2",
    "the second one",
    "use another email", "send a new code", "other account", "pay all", "only some of them", "1 and 2",
    "send me the link again",
    "email me the receipt", "talk to a person", "what have I paid", "INV-30871", "NB-204417", "4242 4242 4242 4242",
    "es español",
]  # fmt: skip

# What only a verified customer may be told: amounts, the numbers of accounts and invoices, addresses of payment pages.
TELLING = re.compile(r"£\s?\d|\bNB-\d|\bINV-\d|/pay/|Mill Lane|Harbour|Orchard|Maltings|Station Road|Fibre")
NUMBERS = re.compile(r"\bNB-\d{6}|\bINV-\d{5}")
OUTCOMES = ["paid", "paid", "failed", "pending", "expired", "cancelled"]
TELLING_CARDS = {"balance", "direct_debit", "payment_link", "receipt"}


def choice_ids(messages: Sequence[Message]) -> list[str]:
    return [choice["id"] for message in messages for choice in (message.extra or {}).get("choices", ())]


@dataclass
class Talk:
    """A conversation as its customer knows it. `proven`: the contact, when it was proven,
    and the newest turn since."""

    session: str
    id: str
    seq: int = 0
    offers: list[str] = field(default_factory=list)
    proven: tuple[str, datetime, datetime] | None = None
    asked: int = 0
    said: set[str] = field(default_factory=set)
    began_at: datetime = FakeClock().at
    said_at: datetime = FakeClock().at


class Dialogue(RuleBasedStateMachine):
    """Up to three conversations over the demo's customers."""

    database: ClassVar[InMemoryDatabase]
    service: ClassVar[Service]
    owners: ClassVar[dict[str, str]] = {}
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.clock = self.service.clock
        self.clock.at = FakeClock().at
        self.turns = in_memory_turns(self.service, self.hear)
        self.payments = Payments(self.service, self.turns, {})
        self.talks: list[Talk] = []
        self.links: dict[str, PaymentLink] = {}
        self.news: list[TurnResult] = []
        self.requests = 0
        self.database.connection.execute("savepoint run")

    def teardown(self) -> None:
        self.database.connection.execute("rollback to run")
        self.database.connection.execute("release run")

    # ── what happens ──

    @initialize(action=st.sampled_from(["pay_bill", "person", None]))
    def arrive(self, action: str | None) -> None:
        self.begin(action)

    @precondition(lambda self: len(self.talks) < 3)
    @rule(action=st.sampled_from(["pay_bill", "pay_bill", "person", "nonsense", None]))
    def begin(self, action: str | None) -> None:
        session = self.talks[-1].session if len(self.talks) % 2 else f"session-{len(self.talks)}"
        start = StartRequest(session, self.request(), "address", "web", "en", action, "a browser")
        began = run_now(self.turns.start(start))
        if began == TurnRefusal("session_over"):
            session = f"session-{len(self.talks)}-anew"
            began = run_now(self.turns.start(replace(start, session=session)))
        assert isinstance(began, TurnResult)
        now = self.clock.now()
        self.talks.append(Talk(session, began.conversation, began_at=now, said_at=now))
        self.take(self.talks[-1], began, "")

    @rule(who=st.integers(0, 2), text=st.sampled_from(WISHES))
    def wish(self, who: int, text: str) -> None:
        self.say(self.talk(who), text)

    @rule(who=st.integers(0, 2), text=st.text(max_size=40))
    def ramble(self, who: int, text: str) -> None:
        if text.strip():
            self.say(self.talk(who), text)

    @rule(who=st.integers(0, 2), which=st.integers(0, 30))
    def choose(self, who: int, which: int) -> None:
        talk = self.talk(who)
        if talk.offers:
            choice = talk.offers[which % len(talk.offers)]
            self.say(talk, choice=choice, may_be_refused=talk.seq > REMEMBERED)

    @rule(who=st.integers(0, 2), whose=st.integers(0, 2), which=st.integers(0, 30))
    def choose_what_another_was_offered(self, who: int, whose: int, which: int) -> None:
        offers = self.talk(whose).offers
        if offers:
            self.say(self.talk(who), choice=offers[which % len(offers)], may_be_refused=True)

    @rule(who=st.integers(0, 2), identifier=st.sampled_from(IDENTIFIERS))
    def identify(self, who: int, identifier: str) -> None:
        self.say(self.talk(who), identifier)

    @rule(who=st.integers(0, 2), identifier=st.sampled_from(KNOWN))
    def prove(self, who: int, identifier: str) -> None:
        talk = self.talk(who)
        self.say(talk, "use another email")
        self.say(talk, identifier)
        self.give_the_code(who)

    @rule(who=st.integers(0, 2), identifier=st.sampled_from(KNOWN), times=st.integers(1, 2))
    def pay(self, who: int, identifier: str, times: int) -> None:
        """Prove who it is and take the first choice that is offered, once or twice: an account, then a link."""
        self.prove(who, identifier)
        for _ in range(times):
            self.say(self.talk(who), "1")

    @rule(
        who=st.integers(0, 2),
        seconds=st.sampled_from([1, 901]),
        after=st.sampled_from(["menu", "use another email", "nobody@example.com"]),
        outcome=st.sampled_from(OUTCOMES),
    )
    def pay_a_part_and_go_away(self, who: int, seconds: int, after: str, outcome: Any) -> None:
        """Leave something to pay, and hear of the payment when somebody else may sit there."""
        self.prove(who, "owes@example.com")
        for text in ("only some of them", "2", "1"):
            self.say(self.talk(who), text)
        self.say(self.talk(who), after)
        self.wait(seconds)
        if self.links:
            self.report_a_payment(len(self.links) - 1, outcome)

    @rule(who=st.integers(0, 2))
    def give_the_code(self, who: int) -> None:
        self.give_an_old_code(who, who, 0)

    @rule(who=st.integers(0, 2), whose=st.integers(0, 2), age=st.integers(0, 3))
    def give_an_old_code(self, who: int, whose: int, age: int) -> None:
        owner = self.talk(whose)
        asked = self.challenges(owner)
        if age < len(asked):
            self.say(self.talk(who), self.service.keys.code(asked[age]["id"], owner.id))

    @rule(who=st.integers(0, 2), digits=st.integers(0, 999_999))
    def guess(self, who: int, digits: int) -> None:
        self.say(self.talk(who), f"{digits:06}")

    @rule(seconds=st.sampled_from([1, 31, 121, 301, 601, 899, 901, 3601, 43_201]))
    def wait(self, seconds: int) -> None:
        self.clock.forward(seconds=seconds)

    @precondition(lambda self: self.links)
    @rule(which=st.integers(0, 30), outcome=st.sampled_from(OUTCOMES))
    def report_a_payment(self, which: int, outcome: Any) -> None:
        link = list(self.links.values())[which % len(self.links)]
        payment = self.database.do(lambda tx: payments.start_payment(tx, link, "sandbox", self.clock.now()))
        report = PaymentReport(
            outcome, payment.id, self.request(), payment.amount_minor, payment.currency, f"money-{payment.id}"
        )
        run_now(self.payments.reports.apply("sandbox", report, polled_state=payment.state))
        self.hear_the_news(link, payment.amount_minor)

    @precondition(lambda self: self.links)
    @rule()
    def let_links_run_out(self) -> None:
        now = self.clock.now()
        for link in payment_links.expire_links(self.database.tx, now, 5):
            run_now(self.turns.apply_external_event(link.conversation, expire_link(link, now)))
            self.hear_the_news(link, link.amount_minor)

    @rule(identifier=st.sampled_from(["owes@example.com", "clear@example.com"]), account=st.booleans())
    def change_hands(self, identifier: str, account: bool) -> None:
        """An email becomes another customer's, or a customer's account does."""
        others = "select contact from identifiers where value = 'dd@example.com'"
        if account:
            self.database.tx.execute_count(
                f"""update account_contacts set contact = ({others}) where contact in
                (select contact from identifiers where value = :value)""",
                {"value": identifier},
            )
        else:
            self.database.tx.execute_count(
                f"update identifiers set contact = ({others}) where value = :value", {"value": identifier}
            )

    # ── what must hold ──

    @invariant()
    def nothing_is_verified_that_was_not_proven(self) -> None:
        for row in self.database.tx.all(f"select c.id, i.contact from {WITH_PROOF} where i.contact is not null"):
            [talk] = [talk for talk in self.talks if talk.id == row["id"]]
            assert talk.proven is not None
            assert talk.proven[0] == row["contact"]

    def say(self, talk: Talk, text: str | None = None, choice: str | None = None, may_be_refused: bool = False) -> None:
        self.clock.forward(milliseconds=1)
        if text is not None:
            self.note_a_right_code(talk, text)
        browser = [each for each in self.talks if each.session == talk.session]
        said = run_now(
            self.turns.say(SayRequest(talk.id, talk.session, self.request(), "address", text, choice, "a browser"))
        )
        if not isinstance(said, TurnResult):
            if said.code == "session_over":
                assert self.clock.now() - max(each.said_at for each in browser) > SESSION_IDLE or any(
                    self.clock.now() - each.began_at > SESSION_AT_MOST for each in browser
                )
                return
            assert may_be_refused
            assert said.code == "bad_request"
            return
        talk.said_at = self.clock.now()
        for each in browser:
            each.session = said.session
            if said.renewed_token is not None:
                each.began_at = self.clock.now()
            if said.signed_out and "sign_out" in (choice, (text or "").replace(" ", "_")):
                each.proven = None
        if said.signed_out:
            talk.proven = None
        talk.said.add(text or "")
        self.take(talk, said, text or "")

    def take(self, talk: Talk, said: TurnResult, text: str) -> None:
        now = self.clock.now()
        if len(self.challenges(talk)) != talk.asked:
            talk.asked = len(self.challenges(talk))
            talk.proven = None
        contact = self.contact_of(talk, now)
        if contact is not None and talk.proven is not None:
            talk.proven = (contact, talk.proven[1], now)
        answers = [message for message in said.messages if message.author == "bot"]
        assert answers, "the bot always answers"
        self.number(talk, said)
        for message in answers:
            self.check(message, contact, talk.said)
        self.check_links(talk, contact)
        talk.offers += choice_ids(answers)
        [row] = self.database.tx.all("select state from conversations where id = :id", {"id": talk.id})
        assert row["state"] in PROMPTING

    def number(self, talk: Talk, said: TurnResult) -> None:
        seqs = [message.seq for message in said.messages]
        assert seqs == list(range(talk.seq + 1, talk.seq + 1 + len(seqs)))
        talk.seq += len(seqs)

    def check(self, message: Message, contact: str | None, said: Collection[str]) -> None:
        """Whoever is told anything about an account has proven to be one of its customers.

        A line of the customer's own, as in the message to the team that is shown back, tells nothing.
        """
        extra = message.extra or {}
        card = extra.get("card", {}).get("kind")
        told = "\n".join(
            [
                *(line for line in message.text.split("\n") if line.strip("\u2068\u2069 ") not in said),
                *(choice["label"] for choice in extra.get("choices", ())),
                str(extra.get("card", "")),
            ]
        )
        if card not in TELLING_CARDS and not TELLING.search(told):
            return
        self.seen[card or "words"] += 1
        assert contact is not None, told
        for number in NUMBERS.findall(told):
            assert accounts.owns(self.database.tx, contact, self.owners[number]), told

    def check_links(self, talk: Talk, contact: str | None) -> None:
        for row in self.database.tx.all("select token_hash, expires_at from payment_links"):
            link = payment_links.find_link(self.database.tx, row["token_hash"])
            assert link is not None
            if self.links.get(link.id) is None or self.links[link.id].expires_at != link.expires_at:
                assert link.contact == contact is not None
                assert link.conversation == talk.id
                assert accounts.owns(self.database.tx, contact, link.account)
                self.links[link.id] = link

    def hear_the_news(self, link: PaymentLink, amount_minor: int) -> None:
        """What is told of a payment is told to its payer: its amount, and nothing else about the account."""
        for answer in self.news:
            self.seen["news"] += 1
            [talk] = [talk for talk in self.talks if talk.id == answer.conversation]
            assert (talk.id, self.challenges(talk)[0]["contact"]) == (link.conversation, link.contact)
            self.number(talk, answer)
            if self.contact_of(talk, self.clock.now()) is None:
                told = "\n".join(message.text for message in answer.messages)
                assert set(re.findall(r"£[\d.,]*\d", told)) <= {f"£{amount_minor / 100:,.2f}"}
                assert not re.search(r"\bNB-\d|\bINV-\d|/pay/", told)
            talk.offers += choice_ids(answer.messages)
        self.news.clear()

    def note_a_right_code(self, talk: Talk, text: str) -> None:
        """Prove who it is by the rules alone: the newest code, live, not tried too often, of somebody known."""
        asked = self.challenges(talk)
        if not asked or asked[0]["contact"] is None or asked[0]["state"] != "live" or asked[0]["tries"] >= 5:
            return
        now = self.clock.now()
        newest = codes.newest_challenge(self.database.tx, talk.id)
        assert newest is not None
        if text == self.service.keys.code(newest.id, talk.id) and now - newest.created_at <= CODE_LIVES:
            talk.proven = (asked[0]["contact"], now, now)

    def contact_of(self, talk: Talk, now: datetime) -> str | None:
        """Who a customer has proven to be, if that still counts."""
        if talk.proven is None:
            return None
        contact, at, active = talk.proven
        return contact if now - active <= IDLE and now - at <= AT_MOST else None

    def challenges(self, talk: Talk) -> list[Any]:
        return self.database.tx.all(
            "select * from challenges where conversation = :id order by created_at desc", {"id": talk.id}
        )

    def hear(self, answer: TurnResult) -> None:
        self.news.append(answer)

    def talk(self, who: int) -> Talk:
        return self.talks[who % len(self.talks)]

    def request(self) -> str:
        self.requests += 1
        return f"request-{self.requests}"


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_nothing_about_an_account_is_said_without_a_right_code() -> None:
    Dialogue.database = InMemoryDatabase()
    Dialogue.service = in_memory_service(Dialogue.database, FakeClock())
    Dialogue.owners = import_demo_customers(Dialogue.database)
    Dialogue.seen = Counter()
    run_state_machine_as_test(
        Dialogue,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
    assert min(Dialogue.seen[told] for told in ("balance", "direct_debit", "payment_link", "news", "words")) > RUNS / 60
