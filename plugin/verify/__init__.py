"""Check of a finished run, by computing everything again."""
