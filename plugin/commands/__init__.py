"""The subcommands of `carve-restore`, and what they show to people."""
