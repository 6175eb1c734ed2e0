"""Damage to the structures of file systems: checksums that fail, and the flipped bits behind them, reversed."""
