"""The method of W. Liu et al. (CVPR 2023) as published: its formulas, networks and training."""
