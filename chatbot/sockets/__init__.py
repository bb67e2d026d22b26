"""Socket.IO's machinery under every namespace: guards, the fast path, fan-out between processes, limits."""
