"""The address of a payment link's page."""

from chatbot.service import Service


def pay_url(service: Service, link: str) -> str:
    """Return the address of a payment link's page."""
    return f"{service.settings.server.public_url}/pay/{service.keys.link_token(link)}"
