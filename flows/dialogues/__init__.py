"""The dialogue's tables, a file for each topic."""
