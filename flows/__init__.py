"""The dialogue: states, transitions, texts, and understanding what was typed. No I/O, no clock, no randomness."""
