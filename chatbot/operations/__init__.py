"""Running the service: health, logs, retention, worker processes."""
