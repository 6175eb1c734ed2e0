"""The flip model of a fragment: the topmost layer of its stack that redraws what lies below decides."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from carving.file_systems.stored_files.lznt1 import one_to_one
from carving.flips.model import FlipModel
from carving.flips.plain_flips import PlainFlips
from carving.flips.registry import flips_of_layer
from carving.flips.trust import trust_in
from carving.fragments import Fragment
from carving.source import ByteSource, Run, layers, runs_below

_SHIPPED: Final = ("carving.flips.dmcrypt_flips", "carving.flips.disk_flips", "carving.flips.fscrypt_flips")
"""Modules that register a model each; imported when one is asked for, as ciphers are not loaded without need."""


def flip_model(source: ByteSource, fragment: Fragment) -> FlipModel:
    """The model of a fragment that was carved from `source`.

    It has no unit where the medium vouches for all of the fragment.
    """
    unit = 0 if fragment.record is None else fragment.record.compression_unit
    return runs_model(source, one_to_one(fragment.byte_runs, unit), len(fragment.data))


def runs_model(source: ByteSource, stretches: tuple[Run, ...], size: int | None = None) -> FlipModel:
    """The model of stretches of `source`, one behind the other, or of their first `size` bytes: that of a layer that
    registered one, else plain bits."""
    for module in _SHIPPED:
        import_module(module)
    runs = stretches
    for layer in layers(source):
        model = flips_of_layer(layer, runs)
        if model is not None:
            return model
        if layer.below is not None:
            runs = runs_below(layer, runs)
    size = sum(run.length for run in stretches) if size is None else size
    return PlainFlips(size, runs, trust_in(source, stretches))
