"""Media: the files that evidence comes in, from raw images and folders to E01 and NAND dumps."""
