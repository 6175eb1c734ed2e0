"""File systems first, then carving: every picture once, by whichever of the two gives the better decode."""
