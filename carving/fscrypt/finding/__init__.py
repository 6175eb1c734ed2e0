"""The encrypted files of the file systems in a source, read so that a layer can decrypt them."""
