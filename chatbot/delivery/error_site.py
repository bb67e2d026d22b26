"""Errors without their messages, for the log."""

import traceback


def error_site(error: Exception) -> str:
    """Return an error's type and traceback. Its message is left out: a library may have put the recipient into it."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
