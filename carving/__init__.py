"""Evidence to fragments: byte sources, JPEG structure, and the carver. Nothing here knows a pixel.

What this package offers is in `__all__`; each name is imported when it is first asked for, so that `import carving`
stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carving.carver.carver import carve
    from carving.evidence import open_evidence
    from carving.flips.model import FlipModel
    from carving.flips.of_fragment import flip_model
    from carving.flips.registry import flips_of_layer
    from carving.fragments import Fragment
    from carving.source import ByteSource, Run

__all__ = ["ByteSource", "FlipModel", "Fragment", "Run", "carve", "flip_model", "flips_of_layer", "open_evidence"]

_HOMES = {
    "ByteSource": "carving.source",
    "FlipModel": "carving.flips.model",
    "Fragment": "carving.fragments",
    "Run": "carving.source",
    "carve": "carving.carver.carver",
    "flip_model": "carving.flips.of_fragment",
    "flips_of_layer": "carving.flips.registry",
    "open_evidence": "carving.evidence",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
