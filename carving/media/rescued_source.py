"""An image that GNU ddrescue made, with its map: the same bytes, and which of them were never read."""

from __future__ import annotations

from pathlib import Path

from carving.media.rescue_map import RescueMap, read_rescue_map
from carving.source import ByteSource, Run, clamp, layers
from carving.sources.in_place import LayerInPlace
from carving.support.intervals import union


class RescuedSource(LayerInPlace):
    """The medium below, unchanged; what its map calls unread is in `bad_runs`."""

    def __init__(self, below: ByteSource, rescue_map: RescueMap) -> None:
        super().__init__(below)
        self._map = rescue_map

    @property
    def name(self) -> str:
        return "ddrescue map"

    @property
    def rescue_map(self) -> RescueMap:
        """The map."""
        return self._map

    def bad_runs(self, offset: int, length: int) -> tuple[Run, ...]:
        wanted = clamp(offset, length, self.size)
        unread = (run for found in self._map.unread.values() for run in found.within(wanted.offset, wanted.length))
        return union((*super().bad_runs(wanted.offset, wanted.length), *unread))


def open_rescued(medium: ByteSource, path: Path) -> RescuedSource:
    """Lay a map over the medium that it is of.

    Raises:
        RescueMapError: the map cannot be read, is none, or contradicts itself.
    """
    return RescuedSource(medium, read_rescue_map(path, medium.size))


def find_rescued(source: ByteSource) -> RescuedSource | None:
    """The layer of a stack that knows a map, None where none was given."""
    return next((layer for layer in layers(source) if isinstance(layer, RescuedSource)), None)
