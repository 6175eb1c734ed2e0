"""How our restorer is trained: examples, batches, losses, checkpoints."""
