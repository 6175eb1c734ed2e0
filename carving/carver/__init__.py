"""The carver: from a byte source to every JPEG in it, whole, broken off, in two pieces or without a header."""
