"""Flip models: what bytes of a fragment would be, had one bit of the evidence been stored differently."""
