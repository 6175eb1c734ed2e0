"""File-based encryption of Linux (fscrypt): contexts, keys, names and contents, as a layer over a volume."""
