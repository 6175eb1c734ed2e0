"""Damage as a storage medium does it, with the truth beside."""
