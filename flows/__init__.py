"""The dialogue: states, transitions, texts and the understanding of what was typed. Pure: no I/O, no clock, no randomness."""
