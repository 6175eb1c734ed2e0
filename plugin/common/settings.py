"""What a run is asked to do, and for whom. Nothing secret is kept here: all of it goes into the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from carving.errors import UsageError
from carving.evidence_settings import EvidenceSettings

UNSPECIFIED: Final = "unspecified"


@dataclass(frozen=True, slots=True)
class CaseDetails:
    """Free text the examiner gives; `unspecified` is said out loud rather than left empty."""

    examiner: str = UNSPECIFIED
    case: str = UNSPECIFIED
    exhibit: str = UNSPECIFIED


@dataclass(frozen=True, slots=True)
class Parameters(EvidenceSettings):
    """Settings that change what is found or how it is restored, beside those that say how to open the evidence."""

    only: str | None = None
    scan: Literal["all", "files", "unallocated"] = "all"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    effort: int = 2
    carve_only: bool = False
    md5: bool = False


DEFAULTS: Final = Parameters()
"""What holds where nothing is said."""


def require_sense(parameters: Parameters, *, has_key: bool) -> None:
    """Refuse settings that would silently count for nothing.

    Raises:
        UsageError: settings for decryption without a key, or a device that is not there.
    """
    idle = [
        f"--{name.replace('_', '-')}"
        for name in ("cipher", "sector_size", "iv_sector", "iv_offset", "iv_large_sectors")
        if getattr(parameters, name) != getattr(DEFAULTS, name)
    ]
    if idle and not has_key:
        raise UsageError(f"{', '.join(idle)} means nothing without --key")
    if parameters.device == "cuda":
        from restore.gca.devices import pick

        pick(parameters.device)
