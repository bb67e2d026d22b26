"""Payment gateways: one file each, with the gateway's settings and its adapter.

A new one is a file, a line in `GATEWAYS` and the text `page-method-NAME` in each language.
"""

from collections.abc import Mapping

import aiohttp

from chatbot.config.settings import Settings
from chatbot.payments.gateways.gateway import Gateway, GatewaySettings
from chatbot.payments.gateways.sandbox import SandboxSettings

# Name → settings, in the order of the payment page.
GATEWAYS: Mapping[str, type[GatewaySettings]] = {
    "sandbox": SandboxSettings,
}


def enabled(settings: Settings, http: aiohttp.ClientSession) -> dict[str, Gateway]:
    """Build the adapters of the gateways that the configuration switches on, by name."""
    sections = {name: settings.payments.gateway(kind) for name, kind in GATEWAYS.items()}
    built = {name: section.build(settings, http) for name, section in sections.items() if section is not None}
    return {name: gateway for name, gateway in built.items() if gateway is not None}
