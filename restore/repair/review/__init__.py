"""Every reversed flip judged again beside its rivals."""
