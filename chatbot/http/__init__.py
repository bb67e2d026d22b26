"""HTTP basics for every part: request bodies, client addresses, rate limits."""
