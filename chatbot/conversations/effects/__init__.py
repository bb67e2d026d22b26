"""What the dialogue asks for, performed inside the turn's transaction."""
