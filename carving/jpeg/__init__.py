"""JPEG as a format: markers, headers, entropy-coded data and thumbnails, tolerant of damage. No pixel is made here."""
