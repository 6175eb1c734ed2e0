"""Build the samples from camera photos: `python -m sample_images.build_demo --photos DIR`, from the repository root.

Writes beside itself: `demo.E01`, `demo.key`, `demo.truth.json` (an encrypted ext4 card with bit errors), `plain.dd`,
`plain.truth.json` (a raw image without a file system, one photo damaged) and `CREDITS.md`. What is flipped follows from
the seed; the volume key does not, for qemu-img draws it, so that a rebuilt E01 differs in every byte. The truth is for
tests only.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sample_images.containers import acquire, as_json, decrypt, ext4_volume, luks_payload, missing_tools
from sample_images.credits import credits_page
from sample_images.photos import (
    FLIP_DISTANCE,
    SECTOR,
    Choice,
    Flip,
    Photo,
    choose_flips,
    flip_bits,
    read_manifest,
    read_photo,
    truth_of,
)

DEMO = (
    Choice("eastman__kodak-dx4330-digital-camera__Kodak_DX4330.jpg", flips=3),
    Choice("fujifilm__mx-1200__FujiFilm_MX-1200.jpg", flips=10),
    Choice("nikon__e775__Nikon_Coolpix_775.jpg", flips=6),
    Choice("apple__iphone-7__florida_beach.jpg", flips=0),
    Choice("nokia__3110c__Nokia_3110c_Mobile_Phone_.jpg", flips=1, deleted=True),
    Choice("hewlett-packard__hp-photosmart-c812-v09-33__HP_PhotoSmart_C812.jpg", flips=2),
)
PLAIN = (
    Choice("panasonic__pv-sd4090__P1000236.JPG", flips=0),
    Choice("sony__fdmavica__MVC-003F.JPG", flips=4),
    Choice("hewlett-packard__photosmart-c200__DSC00003.JPG", flips=0),
)
LARGEST_E01 = 12_000_000
HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Build both samples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="directory of photos; its manifest lies one up")
    parser.add_argument("--seed", type=int, default=1, help="what is drawn: flips, fill (default 1)")
    parser.add_argument("--output", type=Path, default=HERE, help="where to write (default: beside this script)")
    options = parser.parse_args(arguments)
    if missing := missing_tools():
        parser.error(f"not installed: {', '.join(missing)} (see tests/install_debian_packages.sh)")
    origins = read_manifest(options.photos.parent / "MANIFEST.tsv")
    demo, plain = (
        [read_photo(options.photos / choice.file_name, choice, origins[choice.file_name]) for choice in choices]
        for choices in (DEMO, PLAIN)
    )
    build_encrypted(demo, options.seed, options.output)
    build_plain(plain, options.seed, options.output)
    (options.output / "CREDITS.md").write_text(credits_page({"demo.E01": demo, "plain.dd": plain}), encoding="utf-8")


def build_encrypted(photos: Sequence[Photo], seed: int, output: Path) -> None:
    """Write `demo.E01`, `demo.key` and `demo.truth.json`."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        volume = ext4_volume(photos, scratch)
        ciphertext, key = luks_payload(volume, scratch)
        if decrypt(ciphertext, key) != volume:
            raise SystemExit("the cut-out LUKS payload does not decrypt to the volume")
        offsets = [find_whole(volume, photo) for photo in photos]
        flips = [
            flip for photo, offset in zip(photos, offsets, strict=True) for flip in choose_flips(photo, offset, dice)
        ]
        media = flip_bits(ciphertext, flips)
        acquire(media, output / "demo.E01", scratch)
    size = (output / "demo.E01").stat().st_size
    if size >= LARGEST_E01:
        raise SystemExit(f"demo.E01 has {size} bytes; {LARGEST_E01} is the limit")
    (output / "demo.key").write_text(key.hex() + "\n", encoding="ascii")
    volume_facts = {"cipher": "aes-cbc-essiv:sha256", "sector_size": SECTOR, "file_system": "ext4"}
    truth = truth_page(photos, offsets, flips, media, decrypt(media, key))
    (output / "demo.truth.json").write_text(as_json({"seed": seed} | volume_facts | truth), encoding="utf-8")


def build_plain(photos: Sequence[Photo], seed: int, output: Path) -> None:
    """Write `plain.dd` and `plain.truth.json`: photos at sector boundaries, noise and zeros between them."""
    dice = random.Random(seed)
    media = bytearray(dice.randbytes(5 * SECTOR) + bytes(3 * SECTOR))
    offsets = []
    for photo in photos:
        offsets.append(len(media))
        media += photo.data
        media += bytes(-len(media) % SECTOR)
        media += dice.randbytes(dice.randrange(1, 9) * SECTOR) + bytes(dice.randrange(1, 9) * SECTOR)
    flips = [flip for photo, offset in zip(photos, offsets, strict=True) for flip in choose_flips(photo, offset, dice)]
    damaged = flip_bits(bytes(media), flips)
    (output / "plain.dd").write_bytes(damaged)
    truth = truth_page(photos, offsets, flips, damaged, damaged)
    (output / "plain.truth.json").write_text(
        as_json({"seed": seed, "cipher": None, "sector_size": SECTOR, "file_system": None} | truth), encoding="utf-8"
    )


def find_whole(volume: bytes, photo: Photo) -> int:
    """Where the photo starts in the volume, where it must lie in one piece and once.

    Raises:
        SystemExit: the file system split it.
    """
    offset = volume.find(photo.data[:FLIP_DISTANCE])
    if offset < 0 or volume[offset : offset + len(photo.data)] != photo.data:
        raise SystemExit(f"{photo.name} does not lie in one piece")
    return offset


def truth_page(
    photos: Sequence[Photo], offsets: Sequence[int], flips: Sequence[Flip], media: bytes, as_found: bytes
) -> dict[str, object]:
    """The truth of one sample; `as_found` is the damaged media after decryption."""
    return {
        "media": {
            "size": len(media),
            "md5": hashlib.md5(media).hexdigest(),
            "sha256": hashlib.sha256(media).hexdigest(),
        },
        "photos": [truth_of(photo, offset, as_found) for photo, offset in zip(photos, offsets, strict=True)],
        "flips": [asdict(flip) for flip in flips],
    }


if __name__ == "__main__":
    main()
