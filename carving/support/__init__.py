"""What the whole floor stands on: compiled kernels, cores, threads, interruptions."""
