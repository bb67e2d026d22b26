"""Typed text to events: identifiers, codes, choices in words, commands and intents."""
