"""Flips in the thumbnail of a header: numbered for the whole file, and none where there is nothing to search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.source import Run
from restore.lab.simulation.bit_errors import Flip
from restore.repair.header.thumbnail_repair import search_thumbnail
from restore.repair.search.scan_repair import EFFORTS
from tests.restore.repair.headers import flipped, photo, thumbnail_run


def bytes_of(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8).copy()


def test_a_flip_is_found_and_counted_for_the_whole_file() -> None:
    run = thumbnail_run(photo())
    flip = Flip(run.offset + 2 * run.length // 3, 5)
    damaged = flipped(photo(), (flip,))
    raw = bytes_of(damaged.data)
    found = search_thumbnail(raw, run, damaged.model, EFFORTS[2])
    assert [damaged.model.place(item.unit, item.bit) for item in found] == [(flip.offset, flip.bit)]
    assert raw.tobytes() == damaged.data


def test_nothing_is_found_in_what_is_no_picture_or_is_vouched_for() -> None:
    whole = flipped(photo(), ())
    raw, run = bytes_of(photo()), thumbnail_run(photo())
    assert search_thumbnail(raw, Run(run.offset + 7, run.length - 7), whole.model, EFFORTS[2]) == ()
    flip = Flip(run.offset + 2 * run.length // 3, 5)
    damaged = flipped(photo(), (flip,))
    model = damaged.model
    outside = model.starts >= run.end
    model.starts, model.reaches, model.suspect = model.starts[outside], model.reaches[outside], model.suspect[outside]
    assert search_thumbnail(bytes_of(damaged.data), run, model, EFFORTS[2]) == ()
