"""The command `billchat`, also `python -m chatbot`."""

import gc
import sys


def main() -> int:
    """Load the code of the command asked for, and run it; returns its exit status."""
    gc.disable()  # nothing loaded here becomes garbage; collecting takes a tenth of the time to start
    from chatbot.cli.main import prepare  # late: after garbage collection is off

    run = prepare()
    gc.freeze()
    gc.enable()
    return run()


if __name__ == "__main__":
    sys.exit(main())
