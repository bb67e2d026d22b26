"""Delivery of emails and texts: the dispatcher, the letters it renders, and the interface of a channel's sender."""
