"""Evidence to fragments: byte sources, JPEG structure, and the carver. Nothing here knows a pixel."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carving.carver.carver import carve
    from carving.evidence import open_evidence

__all__ = ["carve", "open_evidence"]

_HOMES = {"carve": "carving.carver.carver", "open_evidence": "carving.evidence"}


def __getattr__(name: str) -> Any:
    """Import a public function when it is first asked for, so that `import carving` stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
