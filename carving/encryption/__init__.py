"""Encryption of volumes: recognised, opened by key or password, and read through."""
