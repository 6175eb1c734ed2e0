"""A flip model seen through a window: the flips behind a picture that lies inside another file."""

from __future__ import annotations

import numpy as np

from carving.flips.model import Bytes, FlipModel
from carving.source import Run


class WindowedFlips:
    """The units of a model that reach into a stretch of its fragment, with offsets counted from the stretch's first
    byte."""

    def __init__(self, model: FlipModel, around: Bytes, window: Run) -> None:
        """Args: the model, the fragment's bytes from its beginning to behind the window, and the window in them."""
        self._model = model
        self._first = int(np.searchsorted(model.starts + model.reaches, window.offset, side="right"))
        units = slice(self._first, int(np.searchsorted(model.starts, window.end)))
        self._around = around.copy()
        self._window = window
        self.starts = model.starts[units] - window.offset
        self.reaches = model.reaches[units]
        self.suspect = model.suspect[units]
        inside = range(self._first, self._first + self.starts.size)
        self.combinations = tuple(
            tuple(tuple((unit - self._first, bit) for unit, bit in way if unit in inside) for way in ways)
            for ways in model.combinations
        )
        self.bits = model.bits
        self.encrypted = model.encrypted

    def variants(self, data: Bytes, unit: int, flipped: tuple[int, ...]) -> Bytes:
        self._around[self._window.offset : self._window.end] = data
        return self._model.variants(self._around, self._first + unit, flipped)

    def place(self, unit: int, bit: int) -> tuple[int, int]:
        return self._model.place(self._first + unit, bit)

    def outer_unit(self, unit: int) -> int:
        """The number that a unit has in the whole model."""
        return self._first + unit
