"""Trained weights in one safetensors file: written, found in the package, and checked against their digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor

from carving.errors import WeightsError
from restore.gca.devices import settle
from restore.gca.restorer import SIZES, Restorer
from restore.gca.shipped import SUMS, listed_sums

_FACTS: Final = "facts"


def save_weights(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> str:
    """Write weights with facts (size, steps, figures) in the file's own header; gives the file's SHA-256."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    data = save(plain, metadata={_FACTS: json.dumps(dict(facts))})
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(data)
    unfinished.replace(path)
    return hashlib.sha256(data).hexdigest()


def weight_facts(path: Path) -> dict[str, Any]:
    """The facts in a weight file's header.

    Raises:
        WeightsError: the file cannot be read.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts: dict[str, Any] = json.loads((file.metadata() or {})[_FACTS])
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise WeightsError(f"the weights {path} cannot be read: {error}; install the package anew") from error
    return facts


@lru_cache(maxsize=2)
def load_restorer(path: Path, device: torch.device) -> tuple[Restorer, str]:
    """The network with its weights, ready to compute, and the SHA-256 of their file.

    Raises:
        WeightsError: the file is not there, not readable, or not the one that `SHA256SUMS` beside it tells of.
    """
    facts = weight_facts(path)
    try:
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        _check(path, digest)
        network = Restorer(SIZES[facts["size"]])
        network.load_state_dict(load(data))
    except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
        raise WeightsError(f"the weights {path} do not fit: {error}; install the package anew") from error
    return settle(network.eval().requires_grad_(False), device), digest


def _check(path: Path, digest: str) -> None:
    if listed_sums(path.parent).get(path.name, digest) != digest:
        raise WeightsError(f"the weights {path} are not those that {SUMS} beside them tells of; install anew")
