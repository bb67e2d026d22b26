"""Typed text to events: identifiers, codes, phrases and typos."""
