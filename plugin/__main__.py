"""`python -m plugin` is `carve-restore`."""

from __future__ import annotations

from plugin.cli import main

main()
