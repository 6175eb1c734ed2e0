"""Custody: the hash-chained log, its signature, and proof that the evidence was not changed."""
