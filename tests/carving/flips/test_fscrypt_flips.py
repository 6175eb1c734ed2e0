"""What a model says of flips under fscrypt is what reading the flipped evidence gives, whatever layers lie below."""

from __future__ import annotations

import hashlib
import pickle

import numpy as np
import pytest

from carving.encryption.ciphers import METADATA_CIPHER, METADATA_NUMBERING, SectorNumbering, parse_cipher
from carving.encryption.dmcrypt import DmCryptSource
from carving.flips.fscrypt_flips import FscryptFlips
from carving.flips.of_fragment import runs_model
from carving.fscrypt.contexts import parse_context
from carving.fscrypt.extent_table import EncryptedExtent, ExtentTable
from carving.fscrypt.fscrypt_source import FoundEncryption, FscryptSource
from carving.fscrypt.keyring import FileIdentity, Keyring
from carving.fscrypt.master_keys import MasterKey
from carving.source import ByteSource, Run
from tests.carving.fscrypt import reference
from tests.carving.memory import MemorySource

MASTER = hashlib.sha512(b"master").digest()
UNIT = 4096
BELOW = ("plain", "metadata", "cbc")


def stack(stored: bytes, modes: tuple[int, int], below: str) -> FscryptSource:
    """Two files one behind the other in the middle of five blocks, the rest not encrypted."""
    bottom: ByteSource = MemorySource(stored)
    if below == "metadata":
        bottom = DmCryptSource(bottom, hashlib.sha512(b"metadata").digest(), METADATA_CIPHER, METADATA_NUMBERING)
    elif below == "cbc":
        bottom = DmCryptSource(bottom, bytes(16), parse_cipher("aes-cbc-essiv:sha256"), SectorNumbering())
    extents = []
    for number, run in ((12, Run(UNIT, 2 * UNIT)), (13, Run(3 * UNIT, UNIT))):
        nonce = hashlib.sha256(bytes([number])).digest()[:16]
        context = parse_context(reference.context(2, 0, reference.identifier(MASTER), nonce, modes))
        assert context is not None
        extents.append(EncryptedExtent(run, 0, FileIdentity(context, number, bytes(16)), UNIT))
    found = FoundEncryption(ExtentTable(extents), ExtentTable([]), {}, {}, (), ())
    return FscryptSource(bottom, Keyring((MasterKey(MASTER),)), found)


@pytest.mark.parametrize("runs", [(Run(UNIT, 3 * UNIT),), (Run(UNIT + 512, 700), Run(3 * UNIT, 100))], ids=str)
@pytest.mark.parametrize("modes", [(1, 4), (5, 6)], ids=["XTS", "CBC"])
@pytest.mark.parametrize("below", BELOW)
def test_variants_are_what_flipped_evidence_reads(below: str, modes: tuple[int, int], runs: tuple[Run, ...]) -> None:
    random = np.random.default_rng(11)
    stored = random.bytes(5 * UNIT)
    source = stack(stored, modes, below)
    model = runs_model(source, runs)
    assert isinstance(model, FscryptFlips)
    assert model.bits == 128
    assert model.encrypted
    data = np.frombuffer(b"".join(source.read_at(run.offset, run.length) for run in runs), np.uint8)
    for unit in {0, model.starts.size - 1, *random.integers(0, model.starts.size, 12).tolist()}:
        variants = model.variants(data, unit, ())
        for bit in random.integers(0, 128, 3).tolist():
            place, inside = model.place(unit, bit)
            flipped = bytearray(stored)
            flipped[place] ^= 128 >> inside
            other = stack(bytes(flipped), modes, below)
            now = np.frombuffer(b"".join(other.read_at(run.offset, run.length) for run in runs), np.uint8)
            expected = data.copy()
            start, reach = int(model.starts[unit]), int(model.reaches[unit])
            low, high = max(start, 0), min(start + reach, data.size)
            expected[low:high] = variants[bit, low - start : high - start]
            assert (expected == now).all(), (unit, bit)


@pytest.mark.parametrize("below", BELOW)
def test_a_second_flip_in_a_unit_counts_from_the_first(below: str) -> None:
    stored = np.random.default_rng(12).bytes(5 * UNIT)
    source = stack(stored, (1, 4), below)
    run = Run(UNIT, 2 * UNIT)
    model = runs_model(source, (run,))
    flipped = bytearray(stored)
    for bit in (17, 90):
        place, inside = model.place(40, bit)
        flipped[place] ^= 128 >> inside
        data = np.frombuffer(stack(bytes(flipped), (1, 4), below).read_at(run.offset, run.length), np.uint8)
    back = model.variants(data, 40, (17, 90))[90]
    place, inside = model.place(40, 90)
    flipped[place] ^= 128 >> inside
    once = np.frombuffer(stack(bytes(flipped), (1, 4), below).read_at(run.offset, run.length), np.uint8)
    start, reach = int(model.starts[40]), int(model.reaches[40])
    assert (back[:reach] == once[start : start + reach]).all()


def test_xts_changes_its_own_block_alone_and_cbc_the_next_too() -> None:
    stored = bytes(5 * UNIT)
    assert set(runs_model(stack(stored, (1, 4), "plain"), (Run(UNIT, UNIT),)).reaches.tolist()) == {16}
    chained = runs_model(stack(stored, (5, 6), "plain"), (Run(UNIT, UNIT),)).reaches
    assert chained[-1] == 16
    assert set(chained[:-1].tolist()) == {32}


def test_bytes_that_no_file_encrypts_flip_as_they_are_below() -> None:
    source = stack(bytes(5 * UNIT), (1, 4), "plain")
    assert runs_model(source, (Run(4 * UNIT, 100),)).bits == 8
    mixed = runs_model(source, (Run(3 * UNIT + 4000, 200),))
    assert mixed.bits == 128
    assert (mixed.starts < 96).all()


def test_it_travels_to_workers_and_shows_no_key() -> None:
    model = runs_model(stack(bytes(5 * UNIT), (1, 4), "metadata"), (Run(UNIT, UNIT),))
    again = pickle.loads(pickle.dumps(model))
    data = np.zeros(UNIT, dtype=np.uint8)
    assert (again.variants(data, 3, ()) == model.variants(data, 3, ())).all()
    assert "0x" not in repr(model)
    assert MASTER.hex()[:8] not in repr(model)
