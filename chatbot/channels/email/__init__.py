"""Emails out."""
