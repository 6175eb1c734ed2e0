"""The walk over the file systems of a source, with flips in their structures reversed."""
