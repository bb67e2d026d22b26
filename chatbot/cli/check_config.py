"""`billchat check-config`: every problem of a configuration at once."""

from argparse import Namespace

from chatbot.config.serving_checks import load_to_serve
from chatbot.payments.gateways import GATEWAYS


def run(arguments: Namespace) -> int:
    """Check that the configuration is fit to serve, by so many processes. Raises ConfigError."""
    load_to_serve(arguments.config, GATEWAYS, arguments.workers)
    print(f"{arguments.config} is ready to serve.")
    return 0
