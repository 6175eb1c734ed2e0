"""Named tensors in safetensors files of a bounded size, with a digest each: nothing here is ever unpickled.

A set of tensors is a folder: `index.json` with free-text facts and the SHA-256 of each file, and the files. A tensor
too large for one file is cut along its flattened length. A set is written beside its place and renamed into it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from carving.errors import UsageError

INDEX: Final = "index.json"
LARGEST: Final = 15 << 20
"""Bytes of tensors in one file; with its header it stays under 16 MiB."""


@dataclass(frozen=True, eq=False, slots=True)
class TensorSet:
    """Tensors by name, and facts that go with them (anything JSON can say)."""

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]


def write_set(folder: Path, content: TensorSet, largest: int = LARGEST) -> None:
    """Write a set to `folder`, replacing an earlier one only once the new one is complete."""
    unfinished, replaced = folder.with_name(f"{folder.name}.part"), folder.with_name(f"{folder.name}.old")
    for leftover in (unfinished, replaced):
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished.mkdir(parents=True)
    digests = {}
    for number, group in enumerate(_grouped(content.tensors, largest)):
        data = save(group)
        name = f"tensors-{number:03d}.safetensors"
        digests[name] = hashlib.sha256(data).hexdigest()
        _write_through(unfinished / name, data)
    shapes = {name: list(tensor.shape) for name, tensor in content.tensors.items()}
    index = {"facts": dict(content.facts), "files": digests, "shapes": shapes}
    _write_through(unfinished / INDEX, (json.dumps(index, indent=1) + "\n").encode())
    if folder.exists():
        folder.rename(replaced)
    unfinished.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)


def read_set(folder: Path) -> TensorSet:
    """Read a set; one that an interruption left half replaced is found again.

    Raises:
        UsageError: nothing there, or a file is not what the index says.
    """
    replaced = folder.with_name(f"{folder.name}.old")
    if not folder.exists() and replaced.exists():
        replaced.rename(folder)
    try:
        index = json.loads((folder / INDEX).read_text("utf-8"))
        pieces: dict[str, list[tuple[int, Tensor]]] = {}
        for name, expected in index["files"].items():
            data = (folder / name).read_bytes()
            if hashlib.sha256(data).hexdigest() != expected:
                raise UsageError(f"{folder / name} is not the file that {INDEX} beside it tells of")
            for key, tensor in load(data).items():
                whole, _, number = key.rpartition("#")
                pieces.setdefault(whole, []).append((int(number), tensor))
        tensors = {
            name: torch.cat([tensor for _, tensor in sorted(pieces[name], key=lambda piece: piece[0])]).reshape(shape)
            for name, shape in index["shapes"].items()
        }
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise UsageError(f"{folder} holds no readable tensors: {error}") from error
    return TensorSet(tensors, index["facts"])


def _grouped(tensors: Mapping[str, Tensor], largest: int) -> Iterator[dict[str, Tensor]]:
    """Flat pieces, `name#number`, in groups of at most `largest` bytes."""
    group: dict[str, Tensor] = {}
    room = largest
    for name, tensor in tensors.items():
        flat = tensor.detach().cpu().reshape(-1).contiguous()
        per_file = largest // flat.element_size()
        for number, first in enumerate(range(0, max(flat.numel(), 1), per_file)):
            piece = flat[first : first + per_file].clone()
            size = piece.numel() * piece.element_size()
            if size > room and group:
                yield group
                group, room = {}, largest
            group[f"{name}#{number}"] = piece
            room -= size
    if group:
        yield group


def _write_through(path: Path, data: bytes) -> None:
    """Write a file and have the system put it on disk, so that no rename comes before it."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
