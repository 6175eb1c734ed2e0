"""What volumes and file systems say of themselves: partitions, magic bytes, allocated files, inodes."""
