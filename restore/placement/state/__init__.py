"""A scan as one stream of bits, and what may be asked of it while its MCUs are placed."""
