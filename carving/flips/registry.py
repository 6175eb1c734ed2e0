"""Where a layer that redraws what lies below it says how flips show in it.

A layer of your own, a modulation or another cipher, registers its model, and nothing else needs to change:

    @flips_of_layer.register
    def flips_of_my_layer(layer: MyLayer, runs: tuple[Run, ...]) -> FlipModel:
        return MyFlips(layer, runs)
"""

from __future__ import annotations

from functools import singledispatch

from carving.flips.model import FlipModel
from carving.source import ByteSource, Run


@singledispatch
def flips_of_layer(layer: ByteSource, runs: tuple[Run, ...]) -> FlipModel | None:
    """The model of what lies in `runs` of a layer; None where it hands on the bits below as they are."""
    del layer, runs
    return None
