"""`billchat flows`: the dialogue as a diagram."""

import sys
from argparse import Namespace

from flows import draw


def run(arguments: Namespace) -> int:
    """Print the Mermaid diagram, or with --document the whole page."""
    sys.stdout.write(draw.document() if arguments.document else draw.draw())
    return 0
