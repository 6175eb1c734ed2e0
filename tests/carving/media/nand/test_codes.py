"""The codes against independent ones: bchlib, a Hamming code written out bit by bit, and constants of drivers."""

from __future__ import annotations

import random

import bchlib
import numpy as np
import pytest

from carving.errors import UsageError
from carving.media.nand.bch import bch_code, parity_bytes
from carving.media.nand.hamming import HammingCode
from carving.media.nand.layout import BchSettings, BitOrder, HammingSettings, Inversion
from tests.carving.media.nand.encoder import hamming, reverse, xor

CODES = [
    (5, 0x25, 3, 1),
    (9, 0x211, 2, 16),
    (13, 0x201B, 4, 512),
    (13, 0x201B, 8, 522),
    (13, 0x201B, 24, 512),
    (14, 0x402B, 24, 1024),
    (14, 0x4443, 40, 1024),
    (15, 0x8003, 60, 2048),
]


@pytest.mark.parametrize(("field", "polynomial", "strength", "size"), CODES)
def test_bch_corrects_up_to_its_strength(field: int, polynomial: int, strength: int, size: int) -> None:
    oracle = bchlib.BCH(strength, prim_poly=polynomial)
    settings = BchSettings(field, polynomial, strength)
    code = bch_code(settings, size)
    assert code.parity == oracle.ecc_bytes == parity_bytes(settings)
    generator = np.random.default_rng(field * strength)
    originals = generator.integers(0, 256, (2 * strength + 2, size), dtype=np.uint8)
    parities = np.array([list(oracle.encode(row.tobytes())) for row in originals], dtype=np.uint8)
    messages, damaged = originals.copy(), parities.copy()
    counts = np.arange(originals.shape[0]) % (strength + 1)
    for row, count in enumerate(counts):
        for bit in generator.choice(8 * size + code.degree, count, replace=False):
            target, place = (messages, bit) if bit < 8 * size else (damaged, bit - 8 * size)
            target[row, place >> 3] ^= 128 >> (place & 7)
    assert (code.correct(messages, damaged) == counts).all()
    assert (messages == originals).all()
    assert (damaged == parities).all()


def test_bch_beyond_its_strength_is_hardly_ever_wrong() -> None:
    """Of 5 errors about 1 in 400 words is taken for another with 4: C(4148, 4) of 2^52 patterns are words."""
    code = bch_code(BchSettings(13, 0x201B, 4), 512)
    generator = np.random.default_rng(2)
    messages = np.zeros((2000, 512), dtype=np.uint8)
    parities = np.zeros((2000, 7), dtype=np.uint8)
    for row in range(2000):
        for bit in generator.choice(4096, 5, replace=False):
            messages[row, bit >> 3] ^= 128 >> (bit & 7)
    before = messages.copy()
    counts = code.correct(messages, parities)
    assert set(counts.tolist()) <= {-1, 4}
    assert (counts == 4).sum() < 20
    assert (messages[counts == -1] == before[counts == -1]).all()


@pytest.mark.parametrize(("strength", "bits"), [(4, "msb"), (8, "msb"), (8, "lsb")])
def test_one_error_beyond_the_limit_leaves_few_possibilities(strength: int, bits: BitOrder) -> None:
    """The true one is among them; of wrong ones C(4148, 5) / 2^52 = 2.3 are expected for 4, and hardly any for 8."""
    code = bch_code(BchSettings(13, 0x201B, strength, bits, "both"), 512)
    generator = np.random.default_rng(5)
    counts = []
    for _ in range(6):
        message = generator.integers(0, 256, (1, 512), dtype=np.uint8)
        parity = code.bits[code.encode(message) ^ code.mask]
        word = np.concatenate([message[0], parity[0]])
        places = generator.choice(4096 + 13 * strength - 13, strength + 1, replace=False)
        for place in places:
            word[place >> 3] ^= 128 >> (place & 7)
        found = code.beyond(word[:512], word[512:])
        assert {(int(place) >> 3, int(place) & 7) for place in places} in [set(flips) for flips in found]
        for flips in found:
            corrected = word.copy()
            for byte, bit in flips:
                corrected[byte] ^= 128 >> bit
            assert code.correct(corrected[np.newaxis, :512].copy(), corrected[np.newaxis, 512:].copy()) == 0
        counts.append(len(found))
    assert max(counts) < 12 if strength == 4 else counts == [1] * 6


def test_which_locators_split_is_told_without_looking_for_their_roots() -> None:
    """Against trying all elements of GF(2^9)."""
    from carving.media.nand.chase_kernels import splits

    code = bch_code(BchSettings(9, 0x211, 4), 16)
    generator = np.random.default_rng(6)
    powers, logarithms = code.powers, code.logarithms
    for trial in range(200):
        degree = 2 + trial % 3
        locator = generator.integers(1, 512, 9).astype(np.int32)
        locator[degree + 1 :] = 0
        if trial % 2:  # a product of linear factors, with a double one now and then
            roots = generator.integers(1, 512 if trial % 4 == 1 else 5, degree)
            product = [1]
            for root in roots.tolist():
                scaled = [int(powers[logarithms[value] + logarithms[root]]) if value else 0 for value in product] + [0]
                product = [left ^ right for left, right in zip([0, *product], scaled, strict=True)]
            locator[: degree + 1] = product
        values = []
        for element in range(1, 512):
            value = 0
            for power, coefficient in enumerate(locator[: degree + 1].tolist()):
                if coefficient:
                    value ^= int(powers[(logarithms[coefficient] + power * logarithms[element]) % 511])
            values.append(value)
        scratch = np.zeros(9, dtype=np.int32)
        assert splits(locator, degree, powers, logarithms, scratch) == (values.count(0) == degree), trial


@pytest.mark.parametrize(
    ("strength", "constant"), [(4, "2813cc3996ac7f"), (8, "ef512e09ed939ac29779e524b5")], ids=["BCH4", "BCH8"]
)
def test_the_mask_of_erased_sectors_is_that_of_the_omap_driver(strength: int, constant: str) -> None:
    """Linux' omap2 driver spells them out as `bch4_polynomial` and `bch8_polynomial`; Atmel's key is the reverse."""
    code = bch_code(BchSettings(13, 0x201B, strength, inverted="both"), 512)
    assert code.mask.tobytes().hex() == constant
    if strength == 8:
        assert reverse(code.mask.tobytes()).hex() == "f78a7490b7c95943e99ea724ad"


@pytest.mark.parametrize("inverted", ["nothing", "parity", "message", "both"])
@pytest.mark.parametrize("bits", ["msb", "lsb"])
def test_every_inversion_and_bit_order(inverted: Inversion, bits: str) -> None:
    oracle = bchlib.BCH(8, prim_poly=0x201B)
    code = bch_code(BchSettings(13, 0x201B, 8, "lsb" if bits == "lsb" else "msb", inverted), 512)
    data = random.Random(4).randbytes(512)
    seen = reverse(data) if bits == "lsb" else data
    seen = xor(seen, b"\xff" * 512) if inverted in {"message", "both"} else seen
    parity = bytes(oracle.encode(seen))
    parity = xor(parity, b"\xff" * 13) if inverted in {"parity", "both"} else parity
    parity = reverse(parity) if bits == "lsb" else parity
    messages = np.frombuffer(data, dtype=np.uint8).copy()[np.newaxis]
    messages[0, 17] ^= 0x41
    parities = np.frombuffer(parity, dtype=np.uint8).copy()[np.newaxis]
    parities[0, 3] ^= 0x10
    assert code.correct(messages, parities).tolist() == [3]
    assert (messages[0].tobytes(), parities[0].tobytes()) == (data, parity)


@pytest.mark.parametrize(
    ("field", "polynomial", "strength", "size", "complaint"),
    [
        (4, 0x13, 1, 1, "field"),
        (13, 0x2001, 4, 512, "primitive"),
        (13, 0x11, 4, 512, "primitive"),
        (13, 0x201B, 0, 512, "strength"),
        (13, 0x201B, 4, 1024, "room"),
    ],
)
def test_codes_that_are_none_are_refused(field: int, polynomial: int, strength: int, size: int, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        bch_code(BchSettings(field, polynomial, strength), size)


@pytest.mark.parametrize("swapped", [False, True])
def test_hamming_corrects_one_bit_anywhere_and_notices_two(swapped: bool) -> None:
    data = random.Random(9).randbytes(256)
    high, low, column = hamming(data)
    parity = bytes([low, high, column] if swapped else [high, low, column])
    word = np.frombuffer(data + parity, dtype=np.uint8)
    bits = [bit for bit in range(8 * 259) if bit not in {2070, 2071}]  # the last two are unused
    damaged = np.tile(word, (len(bits) + 1, 1))
    for row, bit in enumerate(bits):
        damaged[row, bit >> 3] ^= 128 >> (bit & 7)
    messages, parities = damaged[:, :256].copy(), damaged[:, 256:].copy()
    code = HammingCode(HammingSettings(swapped), 256)
    assert code.correct(messages, parities).tolist() == [1] * len(bits) + [0]
    assert (messages == word[:256]).all()
    assert (parities == word[256:]).all()
    pairs = np.random.default_rng(1).choice(2048, (500, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    twice = np.tile(word[:256], (len(pairs), 1))
    for row, pair in enumerate(pairs):
        for bit in pair:
            twice[row, bit >> 3] ^= 128 >> (bit & 7)
    assert (code.correct(twice, np.tile(word[256:], (len(pairs), 1))) == -1).all()


def test_hamming_over_512_bytes() -> None:
    """With one more pair of parities than 256 bytes need, in the two bits that those leave unused."""
    data = random.Random(10).randbytes(512)
    first, second = hamming(data[:256]), hamming(data[256:])
    both = xor(xor(first, second), b"\xff" * 3)  # parities of all addresses modulo 256
    odd = [sum(byte.bit_count() for byte in half) & 1 for half in (data[:256], data[256:])]
    last = (both[2] & 0xFC) | (0 if odd[0] else 1) | (0 if odd[1] else 2)
    code = HammingCode(HammingSettings(), 512)
    parities = np.frombuffer(bytes([both[0], both[1], last]), dtype=np.uint8).copy()[np.newaxis]
    for bit in (0, 7, 2047, 2048, 3000, 4095):
        messages = np.frombuffer(data, dtype=np.uint8).copy()[np.newaxis]
        messages[0, bit >> 3] ^= 128 >> (bit & 7)
        assert code.correct(messages, parities).tolist() == [1]
        assert messages[0].tobytes() == data
