"""Picture quality as papers report it."""
