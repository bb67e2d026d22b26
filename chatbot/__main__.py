"""The command `billchat`, which is also `python -m chatbot`."""

import gc
import sys


def main() -> int:
    """Load the service, and run the command that was asked for; returns its exit status."""
    gc.disable()  # all that is loaded stays: looking for garbage in it takes a tenth of the time to start
    from chatbot.cli.main import main as run  # late: loading is what the line above is about

    gc.freeze()
    gc.enable()
    return run()


if __name__ == "__main__":
    sys.exit(main())
