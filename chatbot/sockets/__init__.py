"""The Socket.IO server under every namespace: guards, the fast path, fan-out between processes, limits."""
