import pytest

from chatbot.config.email_address import Mailbox, parse_mailbox
from chatbot.config.settings import EmailSettings


@pytest.mark.parametrize(
    ("written", "mailbox"),
    [
        ("billing@example.com", Mailbox("", "billing@example.com")),
        ("<billing@example.com>", Mailbox("", "billing@example.com")),
        ("Billing <billing@example.com>", Mailbox("Billing", "billing@example.com")),
        ("Acme (UK) Ltd <billing@acme.example>", Mailbox("Acme (UK) Ltd", "billing@acme.example")),
        ("Acme, Inc. <billing@acme.example>", Mailbox("Acme, Inc.", "billing@acme.example")),
        ('"Acme, Inc." <billing@acme.example>', Mailbox("Acme, Inc.", "billing@acme.example")),
        ("Müller <billing@müller.example>", Mailbox("Müller", "billing@xn--mller-kva.example")),
        ("team@acme.local", Mailbox("", "team@acme.local")),
        ("team@localhost", Mailbox("", "team@localhost")),
    ],
)
def test_a_mailbox_is_read_as_it_is_written(written: str, mailbox: Mailbox) -> None:
    assert parse_mailbox(written) == mailbox
    assert EmailSettings(sender=written).sender == written


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("Billing", "not an email address"),
        ("Acme, Inc.", "not an email address"),
        ("Billing <billing@example.com", "no > after"),
        ("a@example.com, b@example.com", "not one email address"),
        ("a@example.com, Billing <b@example.com>", "more than one address"),
        ("büro@example.com", "special letters before the @"),
        ("billing@exa mple.com", "domain"),
        ("billing@müller..example", "domain"),
        ("billing@example.com\nBcc: all@example.com", "one line"),
    ],
)
def test_a_mailbox_that_cannot_send_is_refused_with_the_reason(written: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        EmailSettings(sender=written)
