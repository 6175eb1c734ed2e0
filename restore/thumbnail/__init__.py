"""What a thumbnail says of its picture: how it lies on it, which levels it leads to expect, whether it contradicts."""
