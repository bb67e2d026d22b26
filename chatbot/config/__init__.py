"""The settings: config.yaml and environment variables."""
