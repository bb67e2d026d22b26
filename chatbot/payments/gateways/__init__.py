"""Payment gateways: one file each.

A new one is a file, a line in `GATEWAYS`, a section of the configuration and the text `page-method-NAME`.
"""

from collections.abc import Callable, Mapping

import aiohttp

from chatbot.config.settings import Settings
from chatbot.payments.gateways import sandbox
from chatbot.payments.gateways.gateway import Gateway

Builder = Callable[[Settings, aiohttp.ClientSession], Gateway | None]

# In the order in which customers are offered them.
GATEWAYS: Mapping[str, Builder] = {
    "sandbox": sandbox.build,
}


def enabled(settings: Settings, http: aiohttp.ClientSession) -> dict[str, Gateway]:
    """Build the gateways that the configuration switches on."""
    built = {name: build(settings, http) for name, build in GATEWAYS.items()}
    return {name: gateway for name, gateway in built.items() if gateway is not None}
