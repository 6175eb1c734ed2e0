"""The search where an error-correcting code has left few ways to have been damaged: those ways and no other flip.

It is quick, and where it explains all damage nothing else need be asked.
"""

from __future__ import annotations

from restore.repair.search import FlipSearch, Reversal


class CodeSearch(FlipSearch):
    """Explains signs of damage by the flip model's combinations alone."""

    def resolve(self, base: int) -> tuple[Reversal, ...]:
        self.first_changed = base
        return self._settle(base)
