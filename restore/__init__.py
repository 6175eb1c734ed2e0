"""Fragment to picture: decode damaged JPEGs, restore them, and say what each block is.

Importing this package is cheap; the decoder and its kernels load on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from restore.decoding.robust import Decoded, decode
    from restore.restoration import restore
    from restore.result import Restoration
    from restore.warming import warm_up

__all__ = ["Decoded", "Restoration", "decode", "restore", "warm_up"]

_HOMES = {
    "Decoded": "restore.decoding.robust",
    "Restoration": "restore.result",
    "decode": "restore.decoding.robust",
    "restore": "restore.restoration",
    "warm_up": "restore.warming",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'restore' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
