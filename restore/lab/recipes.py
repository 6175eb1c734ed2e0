"""What can be trained, by name: from pictures or a checkpoint to a training under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar

from carving.errors import UsageError
from restore.gca.training.processes import Processes
from restore.gca.training.training import TRAINING_SET, Training


class Recipe(Protocol):
    """One kind of training."""

    def pack(
        self, paths: Sequence[Path], target: Path, settings: Mapping[str, Any], progress: Callable[[int, int], None]
    ) -> None:
        """Make the training set of pictures, one file of less than 16 MiB."""

    def open(self, folder: Path, settings: Mapping[str, Any], processes: Processes) -> Training:
        """A training with these settings, at its beginning, on the training set in `folder`."""


class OurRestorer:
    """`restorer`: our own network, the one that the tool fills with."""

    def pack(
        self, paths: Sequence[Path], target: Path, settings: Mapping[str, Any], progress: Callable[[int, int], None]
    ) -> None:
        """Damage pictures by the tool's own main job."""
        from restore.gca.restorer import SIZES
        from restore.gca.training.restorer_training import RestorerSettings
        from restore.gca.training.training_set import build

        asked = RestorerSettings(**settings)
        find_size(SIZES, asked.size)
        build(paths, target, asked.seed, progress)

    def open(self, folder: Path, settings: Mapping[str, Any], processes: Processes) -> Training:
        """See `Recipe`."""
        from restore.gca.restorer import SIZES
        from restore.gca.training.crops import scenes
        from restore.gca.training.restorer_training import RestorerSettings, RestorerTraining
        from restore.gca.training.training_set import load

        path = folder / TRAINING_SET
        train, held_out = (scenes(load(path, held_out=held)) for held in (False, True))
        asked = RestorerSettings(**settings)
        find_size(SIZES, asked.size)
        return RestorerTraining(asked, train or held_out, held_out or train, processes)


class ThePapers:
    """`paper`: the networks of W. Liu et al., CVPR 2023."""

    def pack(
        self, paths: Sequence[Path], target: Path, settings: Mapping[str, Any], progress: Callable[[int, int], None]
    ) -> None:
        """Damage pictures and compensate them as the paper does."""
        from restore.paper.paper_model import SIZES
        from restore.paper.paper_set import build
        from restore.paper.paper_training import PaperSettings

        asked = PaperSettings(**settings)
        build(paths, target, asked.seed, progress, find_size(SIZES, asked.size).side)

    def open(self, folder: Path, settings: Mapping[str, Any], processes: Processes) -> Training:
        """See `Recipe`."""
        from restore.paper.paper_model import SIZES
        from restore.paper.paper_set import load
        from restore.paper.paper_training import PaperSettings, PaperTraining

        path = folder / TRAINING_SET
        asked = PaperSettings(**settings)
        find_size(SIZES, asked.size)
        train, held_out = (load(path, held_out=held) for held in (False, True))
        return PaperTraining(asked, train or held_out, held_out, processes)


SizeT = TypeVar("SizeT")


def find_size(sizes: Mapping[str, SizeT], name: str) -> SizeT:
    """The size of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in sizes:
        raise UsageError(f"there is no size {name}; this recipe has {', '.join(sizes)}")
    return sizes[name]


RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType({"restorer": OurRestorer(), "paper": ThePapers()})


def find_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in RECIPES:
        raise UsageError(f"there is no recipe {name}; there are {', '.join(RECIPES)}")
    return RECIPES[name]
