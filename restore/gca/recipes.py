"""What can be trained, by name: from pictures or a checkpoint to a training under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

from carving.errors import UsageError
from restore.gca.processes import Processes
from restore.gca.training import TRAINING_SET, Training


class Recipe(Protocol):
    """One kind of training."""

    def pack(self, paths: Sequence[Path], target: Path, seed: int, progress: Callable[[int, int], None]) -> None:
        """Make the training set of pictures, one file of less than 16 MiB."""

    def open(self, folder: Path, settings: Mapping[str, Any], processes: Processes) -> Training:
        """A training with these settings, at its beginning, on the training set in `folder`."""


class OurRestorer:
    """`restorer`: our own network, the one that the tool fills with."""

    def pack(self, paths: Sequence[Path], target: Path, seed: int, progress: Callable[[int, int], None]) -> None:
        """Damage pictures by the tool's own main job."""
        from restore.gca.training_set import build

        build(paths, target, seed, progress)

    def open(self, folder: Path, settings: Mapping[str, Any], processes: Processes) -> Training:
        """See `Recipe`."""
        from restore.gca.crops import scenes
        from restore.gca.restorer_training import RestorerSettings, RestorerTraining
        from restore.gca.training_set import load

        path = folder / TRAINING_SET
        train, held_out = (scenes(load(path, held_out=held)) for held in (False, True))
        return RestorerTraining(RestorerSettings(**settings), train, held_out, processes)


RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType({"restorer": OurRestorer()})


def find_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in RECIPES:
        raise UsageError(f"there is no recipe {name}; there are {', '.join(RECIPES)}")
    return RECIPES[name]
