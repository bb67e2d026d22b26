"""The dialogue: states, transitions, texts, and understanding of typed text. No I/O, no clock, no randomness."""
