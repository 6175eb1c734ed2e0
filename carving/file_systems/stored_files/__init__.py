"""Files as their file system keeps them, allocated or deleted: each a byte source through its runs."""
