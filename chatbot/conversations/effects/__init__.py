"""Effects that the dialogue asks for, performed inside the turn's transaction.

A new effect is a function in a file of this folder and a line in `EFFECTS` of `perform.py`.
"""
