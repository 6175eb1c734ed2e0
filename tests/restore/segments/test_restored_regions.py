"""What restoring says of a file of which a stretch is damaged."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from carving.flips.plain_flips import PlainFlips
from carving.fragments import Fragment
from carving.jpeg.results import Ending
from carving.source import Run
from restore.decoding.robust import decode
from restore.explanation import GapKind
from restore.gca.filling import by_thumbnail
from restore.provenance import Provenance, Status
from restore.restoration import restore_with
from tests.restore.segments.regions_of_files import HEIGHT, WIDTH, middle, overwritten, photo


def _with_thumbnail() -> bytes:
    """A photo with a thumbnail of its own in Exif."""
    picture = Image.open(io.BytesIO(photo()))
    small = io.BytesIO()
    picture.resize((160, 120), Image.Resampling.BOX).save(small, "JPEG", quality=90)
    tiff = b"II*\0\x08\0\0\0" + b"\0\0" + b"\x0e\0\0\0" + b"\x02\0"
    tiff += b"\x01\x02\x04\0\x01\0\0\0" + (44).to_bytes(4, "little")
    tiff += b"\x02\x02\x04\0\x01\0\0\0" + len(small.getvalue()).to_bytes(4, "little") + b"\0\0\0\0"
    exif = b"Exif\0\0" + tiff + small.getvalue()
    return b"\xff\xd8\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + photo()[2:]


def _fragment(data: bytes, bad: tuple[Run, ...] = ()) -> Fragment:
    runs = (Run(0, len(data)),)
    return Fragment("plain", 0, data, runs, runs, Ending.EOI, None, known_bad=bad)


def test_no_flip_is_claimed_where_a_stretch_is_zeroed() -> None:
    whole = photo()
    at = middle(whole)
    damaged = overwritten(whole, at, bytes(4096))
    restored = restore_with(by_thumbnail, damaged, PlainFlips(len(damaged), (Run(0, len(damaged)),)))
    assert restored.bit_flips == ()
    assert [gap.kind for gap in restored.gaps] == [GapKind.ZEROS]
    assert restored.provenance is not None
    assert (restored.provenance.reshape(-1)[: restored.segments[0].mcus] == Provenance.INTACT).all()
    assert restored.status == Status.PARTIAL


def test_what_decodes_from_a_gap_is_not_stored() -> None:
    whole = _with_thumbnail()
    at = middle(whole)
    restored = restore_with(by_thumbnail, overwritten(whole, at, bytes(4096)))
    assert restored.provenance is not None
    kinds = np.bincount(restored.provenance.ravel(), minlength=len(Provenance))
    assert kinds[Provenance.GENERATED] == restored.gaps[0].mcus
    assert kinds[Provenance.PLACED] == restored.segments[1].mcus
    assert restored.status == Status.RESTORED
    assert restored.pixels is not None
    apart = np.abs(restored.pixels.astype(int) - decode(whole).pixels)
    assert (apart.reshape(HEIGHT, WIDTH * 3).mean(axis=1) < 8).all()


def test_a_picture_that_is_mostly_made_up_is_partial() -> None:
    whole = _with_thumbnail()
    restored = restore_with(by_thumbnail, whole[: middle(whole, 0.2)])
    assert restored.status == Status.PARTIAL
    assert restored.provenance is not None
    assert not (restored.provenance == Provenance.LOST).any()


def test_bad_bytes_of_a_fragment_are_a_gap_though_all_decodes() -> None:
    whole = _with_thumbnail()
    at = middle(whole)
    restored = restore_with(by_thumbnail, _fragment(whole, (Run(at, 512),)))
    assert [gap.kind for gap in restored.gaps] == [GapKind.KNOWN_BAD]
    assert restored.status == Status.PARTIAL  # the fragment has no thumbnail
    assert restore_with(by_thumbnail, _fragment(whole)).status == Status.INTACT
