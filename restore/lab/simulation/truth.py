"""The truth about one simulated file, as JSON beside it: every flip, the key, and the digests of the original."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from carving.encryption.ciphers import SectorNumbering
from carving.errors import UsageError
from carving.source import Run
from restore.lab.simulation.bit_errors import Flip
from restore.lab.simulation.file_encryption import SCHEMES
from restore.lab.simulation.medium import Medium
from restore.lab.simulation.originals import read_file
from restore.lab.simulation.regions import DestroyedRegion, RegionKind

FORMAT: Final = "carve-restore truth 1"
SUFFIX: Final = ".truth.json"


@dataclass(frozen=True, slots=True)
class Truth:
    """What a truth file holds.

    Attributes:
        name: file name stem of the damaged JPEG (`.jpg`) and of the damaged medium (`.dd`).
        original: path of the undamaged file; a relative one counts from the truth file's folder.
        made: what was done to the source to get it.
        size, sha256: of the original file.
        picture_size, picture_sha256: of the original up to its EOI.
        ber, seed: what was asked for.
        medium: how the file is stored, with the key.
        spared: the run of the medium in which nothing was flipped.
        flips: every flipped bit of the medium.
        damaged_size: of the damaged file.
        regions: what else befell the file, ascending.
    """

    name: str
    original: str
    made: tuple[str, ...]
    size: int
    sha256: str
    picture_size: int
    picture_sha256: str
    ber: float
    seed: int
    medium: Medium
    spared: Run
    flips: tuple[Flip, ...]
    damaged_size: int
    regions: tuple[DestroyedRegion, ...] = ()

    @property
    def region(self) -> RegionKind | None:
        """The kind of region that befell the file."""
        return self.regions[0].kind if self.regions else None


def digest(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def write_truth(truth: Truth, path: Path) -> None:
    """Write a truth file."""
    medium = truth.medium
    page = {
        "format": FORMAT,
        "name": truth.name,
        "original": {
            "path": truth.original,
            "made": list(truth.made),
            "size": truth.size,
            "sha256": truth.sha256,
            "size_up_to_eoi": truth.picture_size,
            "sha256_up_to_eoi": truth.picture_sha256,
        },
        "damage": {"ber": truth.ber, "seed": truth.seed, "spared": asdict(truth.spared)},
        "damaged": {"size": truth.damaged_size, "regions": [asdict(region) for region in truth.regions]},
        "medium": {
            "cipher": medium.cipher,
            "key": None if medium.key is None else medium.key.hex(),
            "sector_size": medium.numbering.sector_size,
            "iv_sector": medium.numbering.iv,
            "padding": medium.padding,
        },
        "flips": [asdict(flip) for flip in truth.flips],
    }
    path.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")


def read_truth(path: Path) -> Truth:
    """Read a truth file.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        page: dict[str, Any] = json.loads(read_file(path))
        if page["format"] != FORMAT:
            raise UsageError(f"{path} is a truth file of another version")
        original, damage, medium = page["original"], page["damage"], page["medium"]
        key = medium["key"]
        damaged = page.get("damaged", {"size": original["size"], "regions": []})  # none in files of before regions
        return Truth(
            name=page["name"],
            original=original["path"],
            made=tuple(original["made"]),
            size=original["size"],
            sha256=original["sha256"],
            picture_size=original["size_up_to_eoi"],
            picture_sha256=original["sha256_up_to_eoi"],
            ber=damage["ber"],
            seed=damage["seed"],
            medium=Medium(
                None if key is None else bytes.fromhex(key),
                SectorNumbering(medium["sector_size"], medium["iv_sector"]),
                medium["padding"],
                medium["cipher"] if medium["cipher"] in SCHEMES else None,
            ),
            spared=Run(**damage["spared"]),
            flips=tuple(Flip(**flip) for flip in page["flips"]),
            damaged_size=damaged["size"],
            regions=tuple(
                DestroyedRegion(RegionKind(region["kind"]), Run(**region["original"]), Run(**region["damaged"]))
                for region in damaged["regions"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is no truth file that `carve-restore simulate` wrote") from error
