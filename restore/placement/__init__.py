"""Placement: MCUs whose bits are stored but whose position or DC damage has moved go back to where they belong."""
