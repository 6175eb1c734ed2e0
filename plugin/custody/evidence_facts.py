"""What the bottom layer can say of itself: its files, and what a forensic format stores beside the media."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from carving.container_layers import ContainerLayer, find_container
from carving.source import ByteSource, Run, bottom_of
from plugin.custody.evidence_files import printable

_COMPARABLE: Final = ("md5", "sha1", "sha256")


@runtime_checkable
class EvidenceFiles(Protocol):
    """A source that knows its files, and what an examiner should know of them."""

    @property
    def paths(self) -> tuple[Path, ...]: ...

    @property
    def remarks(self) -> tuple[str, ...]: ...


@runtime_checkable
class AcquiredImage(Protocol):
    """A source in a format that an acquisition tool wrote, such as E01."""

    @property
    def stored_digests(self) -> Mapping[str, str]: ...

    @property
    def acquisition_errors(self) -> tuple[Run, ...]: ...

    @property
    def damaged(self) -> tuple[Run, ...]: ...


@dataclass(frozen=True, slots=True)
class EvidenceFacts:
    """The bottom layer of a stack, the path it was opened by, and the layer that undoes a container, if there is one;
    the rest is asked of them when wanted."""

    bottom: ByteSource
    opened: Path
    container: ContainerLayer | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The evidence files in order; bytes in a name that are not UTF-8 are spelled out."""
        return tuple(printable(path) for path in self.files)

    @property
    def files(self) -> tuple[Path, ...]:
        """The evidence files in order, as the system names them."""
        return tuple(self.bottom.paths) if isinstance(self.bottom, EvidenceFiles) else (self.opened,)

    @property
    def is_one_raw_file(self) -> bool:
        """Whether the media is one file, byte for byte."""
        return not isinstance(self.bottom, AcquiredImage) and len(self.files) == 1

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an examiner should know of the files."""
        of_files = tuple(self.bottom.remarks) if isinstance(self.bottom, EvidenceFiles) else ()
        return of_files if self.container is None else (*of_files, *self.container.remarks)

    @property
    def faults(self) -> tuple[str, ...]:
        """What of a container cannot be read."""
        return () if self.container is None else self.container.faults

    @property
    def stored_hashes(self) -> dict[str, str]:
        """Hex digests of the media stored in the evidence, by algorithm."""
        if not isinstance(self.bottom, AcquiredImage):
            return {}
        stored = sorted(self.bottom.stored_digests.items())
        return {name.lower(): digest.lower() for name, digest in stored if name.lower() in _COMPARABLE}

    @property
    def damaged_runs(self) -> tuple[Run, ...]:
        """Stretches met so far that are damaged in the evidence file."""
        return tuple(self.bottom.damaged) if isinstance(self.bottom, AcquiredImage) else ()

    @property
    def acquisition_errors(self) -> tuple[Run, ...]:
        """Stretches that the acquisition tool could not read from the device."""
        return tuple(self.bottom.acquisition_errors) if isinstance(self.bottom, AcquiredImage) else ()


def evidence_facts(source: ByteSource, opened: Path) -> EvidenceFacts:
    """The facts on the evidence under a stack of layers."""
    return EvidenceFacts(bottom_of(source), opened, find_container(source))
