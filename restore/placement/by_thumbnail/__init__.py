"""Placement of all MCUs at once, guided by the thumbnail."""
