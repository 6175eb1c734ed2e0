"""How sure it is that bits were flipped, and that nothing else was."""
