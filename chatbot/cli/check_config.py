"""`billchat check-config`: every problem of a configuration at once."""

from argparse import Namespace

from chatbot.config.load import load
from chatbot.config.serving_checks import require_fit_to_serve
from chatbot.payments.gateways import GATEWAYS


def run(arguments: Namespace) -> int:
    """Check that the configuration is fit to serve. Raises ConfigError."""
    require_fit_to_serve(load(arguments.config, GATEWAYS))
    print(f"{arguments.config} is ready to serve.")
    return 0
