"""Byte sources that change little about the one below, for any layer of the stack."""
