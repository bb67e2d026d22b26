"""The company's settings: config.yaml and environment variables."""
