"""Pieces without a header, made readable with the tables of a whole file of the same kind."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from carving.carver.borrowing import jpeg_of
from carving.jpeg.markers import read_header
from plugin.examination.pipeline import run
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from restore.provenance import Provenance, Status
from restore.restoration import restore
from tests.carving.memory import carve_bytes

CLUSTER = 4096


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % CLUSTER)


def test_a_headless_piece_is_decoded_with_a_siblings_tables() -> None:
    sibling, lost = (coded_at(fractal_picture(480, 640, seed), 1.5) for seed in (1, 2))
    narrow = coded_at(fractal_picture(480, 400, 3), 1.5)
    cut = len(lost) // 2 // CLUSTER * CLUSTER
    image = padded(sibling) + padded(narrow) + bytes(4 * CLUSTER) + padded(lost[cut:]) + bytes(CLUSTER)

    fragments = carve_bytes(image)
    offset = len(padded(sibling)) + len(padded(narrow)) + 4 * CLUSTER

    piece = fragments[offset]
    assert piece.data == lost[cut:]
    assert piece.borrowed is not None
    assert read_header(jpeg_of(piece.data, piece.borrowed)).frame.width == 640
    restored = restore(piece)
    assert restored.status is Status.PARTIAL
    assert restored.pixels is not None
    assert restored.provenance is not None
    rows = restored.provenance.shape[0]
    with Image.open(io.BytesIO(lost)) as picture:
        truth = np.asarray(picture.convert("L"), dtype=float)[-16 * (rows - 2) :]
    found = restored.pixels[-truth.shape[0] :].mean(axis=2)
    assert np.corrcoef(truth.ravel(), found.ravel())[0, 1] > 0.95
    assert set(np.unique(restored.provenance)) <= {Provenance.LOST, Provenance.PLACED}


def test_noise_and_foreign_tables_make_no_picture() -> None:
    sibling = coded_at(fractal_picture(480, 640, 1), 1.5)
    buffer = io.BytesIO()
    Image.fromarray(fractal_picture(480, 640, 2)).save(buffer, "JPEG", quality=85, optimize=True, subsampling=0)
    other = buffer.getvalue()
    image = padded(sibling) + np.random.default_rng(1).bytes(1 << 18) + padded(other[8 * CLUSTER :])
    assert set(carve_bytes(image)) == {0}


def test_what_a_join_takes_is_no_orphan_too() -> None:
    sibling, split = (coded_at(fractal_picture(480, 640, seed), 1.5) for seed in (1, 2))
    cut = len(split) // 2 // CLUSTER * CLUSTER
    gap = np.random.default_rng(2).bytes(5 * CLUSTER)
    fragments = carve_bytes(padded(sibling) + split[:cut] + gap + padded(split[cut:]))
    assert [fragment.data for _, fragment in sorted(fragments.items())] == [sibling, split]


def test_an_orphan_goes_through_a_run_and_its_report(tmp_path: Path) -> None:
    sibling, lost = (coded_at(fractal_picture(480, 640, seed), 1.5) for seed in (1, 2))
    image = padded(sibling) + bytes(4 * CLUSTER) + padded(lost[len(lost) // 2 // CLUSTER * CLUSTER :]) + bytes(CLUSTER)
    (tmp_path / "card.dd").write_bytes(image)
    run(tmp_path / "card.dd", tmp_path / "out", jobs=1)
    files = json.loads((tmp_path / "out" / "report.json").read_text())["files"]
    assert [entry["status"] for entry in files] == ["intact", "partial"]
    assert files[1]["carving"]["state"].startswith("a piece without a header")
    assert (tmp_path / "out" / files[1]["restored"]["path"]).is_file()


def test_text_with_a_damaged_block_is_no_piece() -> None:
    sibling = coded_at(fractal_picture(480, 640, 1), 1.5)
    found = 0
    for number in range(60):
        line = f"file {number} holds words 0123456789\n".encode()
        text = bytearray((line * 400)[: 2 * CLUSTER])
        text[100:116] = text[5000:5016] = b"\x9a\xff\x00\x31\xc7\x5b\xe2\x0d\x88\xf3\x46\xb9\x17\xa4\xde\x62"
        found += len(carve_bytes(padded(sibling) + bytes(CLUSTER) + bytes(text) + bytes(CLUSTER))) - 1
    assert found == 0
