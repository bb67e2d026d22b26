"""A config.yaml of a test."""

from pathlib import Path


def config_file(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path
