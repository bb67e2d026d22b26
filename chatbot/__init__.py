"""The service: turns, channels, delivery, payments, pages and commands. The only room with a network."""
