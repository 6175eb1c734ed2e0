"""Bit repair: find the flipped bits behind damaged MCUs and reverse them."""
