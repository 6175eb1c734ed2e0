"""ZIP and TAR archives, read as folders of JPEGs."""
