"""The demo: the whole service with nothing outside it."""
