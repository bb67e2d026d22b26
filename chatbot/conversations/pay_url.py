"""The address of a payment link's page.

It holds the link's token, so it is never stored: messages hold a placeholder.
"""

from chatbot.service import Service
from flows.effects import PAY_URL
from store.chats.conversations import Message


def pay_url(service: Service, link: str) -> str:
    """Return the address of a payment link's page, by the link's id."""
    return f"{service.settings.server.public_url}/pay/{service.keys.link_token(link)}"


def text_with_address(service: Service, message: Message) -> str:
    """Return a message's text with the payment page's address in place of the placeholder."""
    card = (message.extra or {}).get("card")
    if card is None or card["kind"] != "payment_link":
        return message.text
    return message.text.replace(PAY_URL, pay_url(service, card["link"]))
