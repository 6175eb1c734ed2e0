"""What a header's bytes cost: those of a kind that headers are made of little, random ones as much as random ones."""

from __future__ import annotations

import io
from math import log

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from carving.jpeg.markers import DHT, SOS, read_header
from restore.lab.simulation.bit_errors import Flip
from restore.repair.header.header_bytes import HEADER_MARGIN, ByteModel, reverse_by_bytes
from restore.repair.header.header_primer import primer, standard_steps
from tests.restore.repair.headers import flipped, photo


def header_bytes(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)[: read_header(photo()).scan.entropy_start]


def segment_starts(marker: int) -> list[int]:
    return [entry.offset for entry in read_header(photo()).segments if entry.marker == marker]


@pytest.mark.parametrize("quality", [1, 37, 50, 90, 100])
def test_steps_are_those_of_the_reference_encoder(quality: int) -> None:
    coded = io.BytesIO()
    Image.new("RGB", (16, 16)).save(coded, "JPEG", quality=quality)
    tables = read_header(coded.getvalue()).quant_tables
    assert tuple(tuple(steps) for steps in standard_steps(quality)) == (tables[0].steps, tables[1].steps)


def test_the_primer_holds_whole_tables_and_both_byte_orders() -> None:
    coded = io.BytesIO()
    Image.new("RGB", (16, 16)).save(coded, "JPEG", quality=80)
    typical = primer().tobytes()
    for entry in read_header(coded.getvalue()).segments:
        if entry.marker in (DHT, SOS):
            assert coded.getvalue()[entry.offset : entry.end] in typical
    assert b"Exif\0\0MM\0*" in typical
    assert b"Exif\0\0II*\0" in typical


def test_random_bytes_cost_what_they_hold_and_tables_next_to_nothing() -> None:
    header = header_bytes(photo()).copy()
    table = segment_starts(DHT)[1]
    noise = np.random.default_rng(8).integers(0, 256, 64, dtype=np.uint8)
    header[table + 40 : table + 104] = noise
    costs = ByteModel(header, np.zeros(header.size, dtype=np.bool_)).learn(header.size)
    assert 0.8 * log(256) < costs[table + 40 : table + 104].mean() < 1.6 * log(256)
    assert costs[table + 4 : table + 40].mean() < 0.3


def test_what_is_entropy_coded_is_expected_to_be_random() -> None:
    header = header_bytes(photo())
    spared = np.zeros(header.size, dtype=np.bool_)
    spared[100:200] = True
    costs = ByteModel(header, spared).learn(header.size)
    assert (costs[100:200] == log(256)).all()


def test_a_price_is_what_learning_would_have_cost() -> None:
    header = header_bytes(photo())
    none = np.zeros(header.size, dtype=np.bool_)
    first = segment_starts(DHT)[1] + 20
    beliefs = ByteModel(header, none)
    beliefs.learn(first)
    rows = np.stack([header[first : first + 8], header[first : first + 8] ^ 0x55])
    prices = beliefs.price(first, rows, 4, np.inf)
    assert prices.shape == (2, 2)
    assert prices[0].sum() < 4.0
    assert prices[1].sum() > 8 * log(256) / 2


def test_a_flip_is_reversed_where_its_bytes_stand_out_and_nowhere_else() -> None:
    place = segment_starts(DHT)[1] + 70
    damaged = flipped(photo(), (Flip(place, 2),))
    raw = np.frombuffer(damaged.data, dtype=np.uint8).copy()
    end = read_header(photo()).scan.entropy_start
    none = np.zeros(end, dtype=np.bool_)
    (found,) = reverse_by_bytes(raw, end, damaged.model, none)
    assert damaged.model.place(found.unit, found.bit) == (place, 2)
    assert found.margin >= HEADER_MARGIN
    assert raw.tobytes() == photo()
    assert reverse_by_bytes(raw, end, damaged.model, none) == ()
    assert raw.tobytes() == photo()
