"""HTTP basics that every part shares: bodies, client addresses, rate limits."""
