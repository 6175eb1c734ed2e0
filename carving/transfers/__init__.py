"""What a transfer does to a file: line ends, character sets, text encodings; recognised by counts, and undone."""
