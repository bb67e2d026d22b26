"""`python -m chatbot` is the command `billchat`."""

import sys

from chatbot.commands import main

sys.exit(main())
