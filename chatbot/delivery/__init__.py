"""Emails and texts on their way out: the dispatcher and the letters it sends."""
