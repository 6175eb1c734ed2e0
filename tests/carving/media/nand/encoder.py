"""Writes raw NAND pages as controllers do, chip by chip and byte by byte, independently of the package.

Parities come from bchlib (the Linux kernel's code) and from a Hamming code written out bit by bit. Nothing is read from
the package's presets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import bchlib

GPMI_METADATA = 10


@dataclass(frozen=True)
class Chip:
    """A chip behind its controller.

    Attributes:
        data, spare: bytes of a page; sector: bytes under one code word; strength: bits it corrects.
        parity_bits: of a code word.
        page: raw page of its data bytes.
        columns: for a sector of a raw page, the columns of its code word's bytes, parity last.
    """

    data: int
    spare: int
    sector: int
    strength: int
    parity_bits: int
    page: Callable[[bytes], bytes]
    columns: Callable[[int], list[int]]


def reverse(data: bytes) -> bytes:
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


@cache
def bch(strength: int, polynomial: int) -> bchlib.BCH:
    return bchlib.BCH(strength, prim_poly=polynomial)


def bch_parity(message: bytes, strength: int, polynomial: int = 0x201B) -> bytes:
    return bytes(bch(strength, polynomial).encode(message))


def lsb_parity(message: bytes, strength: int) -> bytes:
    """Parity of a controller that takes the lowest bit of a byte first."""
    return reverse(bch_parity(reverse(message), strength))


def pmecc_parity(sector: bytes, strength: int) -> bytes:
    """Atmel's: what an erased sector has is taken off, so that its parity is FF too."""
    return bytes(~byte & 0xFF for byte in xor(lsb_parity(sector, strength), lsb_parity(b"\xff" * 512, strength)))


def soft_bch_parity(sector: bytes) -> bytes:
    """Linux' software BCH, which does the same with the highest bit first."""
    erased = bch_parity(b"\xff" * 512, 4)
    return xor(xor(bch_parity(sector, 4), erased), b"\xff" * 7)


def hamming(sector: bytes) -> bytes:
    """The Hamming parity of 256 bytes in the order of Linux: high addresses, low addresses, columns; inverted."""
    bits = [(place, bit) for place, byte in enumerate(sector) for bit in range(8) if byte >> bit & 1]
    low = high = column = 0
    for place, bit in bits:
        for index in range(4):
            low ^= 1 << (2 * index + (place >> index & 1))
            high ^= 1 << (2 * index + (place >> (index + 4) & 1))
        for index in range(3):
            column ^= 1 << (2 + 2 * index + (bit >> index & 1))
    return bytes([high ^ 0xFF, low ^ 0xFF, column ^ 0xFF])


def sectors(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def trailing(data: bytes, spare: int, placed: list[tuple[int, bytes]]) -> bytes:
    """Data, then spare bytes of which some are placed; the others stay erased."""
    behind = bytearray(b"\xff" * spare)
    for offset, parity in placed:
        behind[offset : offset + len(parity)] = parity
    return data + bytes(behind)


def plain_columns(data: int, sector: int, offset: int, stride: int, width: int) -> Callable[[int], list[int]]:
    def columns(index: int) -> list[int]:
        parity = data + offset + stride * index
        return [*range(sector * index, sector * (index + 1)), *range(parity, parity + width)]

    return columns


def p1014_page(data: bytes) -> bytes:
    return trailing(data, 64, [(8 + 8 * k, bch_parity(part, 4)) for k, part in enumerate(sectors(data, 512))])


def s34ml01g2_page(data: bytes) -> bytes:
    return trailing(data, 64, [(36 + 7 * k, pmecc_parity(part, 4)) for k, part in enumerate(sectors(data, 512))])


def mt29f4g08_page(data: bytes) -> bytes:
    return trailing(data, 224, [(120 + 13 * k, pmecc_parity(part, 8)) for k, part in enumerate(sectors(data, 512))])


def linux_bch4_page(data: bytes) -> bytes:
    return trailing(data, 64, [(36 + 7 * k, soft_bch_parity(part)) for k, part in enumerate(sectors(data, 512))])


def omap_page(data: bytes) -> bytes:
    return trailing(data, 64, [(2 + 14 * k, bch_parity(part, 8) + b"\0") for k, part in enumerate(sectors(data, 512))])


def hamming_page(data: bytes, tags: bytes = b"") -> bytes:
    return trailing(data, 64, [(2, tags), *((40 + 3 * k, hamming(part)) for k, part in enumerate(sectors(data, 256)))])


def small_page(data: bytes) -> bytes:
    first, second = map(hamming, sectors(data, 256))
    return trailing(data, 16, [(0, first), (3, second[:1]), (6, second[1:])])


def small_columns(index: int) -> list[int]:
    return [*range(256 * index, 256 * index + 256), *((512, 513, 514), (515, 518, 519))[index]]


def gpmi_page(data: bytes) -> bytes:
    """i.MX28: the byte that the factory's mark would hit changes places with the first byte of metadata."""
    metadata = bytearray(b"\xff" * GPMI_METADATA)
    payload = bytearray(data)
    mark = 2048 - GPMI_METADATA - 3 * 13  # three parities stand before it
    metadata[0], payload[mark] = payload[mark], metadata[0]
    page = b""
    for index, part in enumerate(sectors(bytes(payload), 512)):
        message = bytes(metadata) + part if index == 0 else part
        page += message + lsb_parity(message, 8)
    return page + b"\xff" * (2112 - len(page))


def gpmi_columns(index: int) -> list[int]:
    first = 0 if index == 0 else GPMI_METADATA + 525 * index
    return list(range(first, GPMI_METADATA + 525 * (index + 1)))


def mlc_page(data: bytes) -> bytes:
    return b"".join(part + bch_parity(part, 40, 0x402B) + b"\xff" * 10 for part in sectors(data, 1024))


def mlc_columns(index: int) -> list[int]:
    return list(range(1104 * index, 1104 * index + 1024 + 70))


CHIPS = {
    "mt29f2g08-p1014": Chip(2048, 64, 512, 4, 52, p1014_page, plain_columns(2048, 512, 8, 8, 7)),
    "s34ml01g2-pmecc": Chip(2048, 64, 512, 4, 52, s34ml01g2_page, plain_columns(2048, 512, 36, 7, 7)),
    "mt29f4g08-pmecc": Chip(4096, 224, 512, 8, 104, mt29f4g08_page, plain_columns(4096, 512, 120, 13, 13)),
    "mx30lf2g18ac-gpmi": Chip(2048, 64, 512, 8, 104, gpmi_page, gpmi_columns),
    "k9f1g08u0d-yaffs2": Chip(2048, 64, 256, 1, 22, hamming_page, plain_columns(2048, 256, 40, 3, 3)),
    "linux-hamming-2048": Chip(2048, 64, 256, 1, 22, hamming_page, plain_columns(2048, 256, 40, 3, 3)),
    "linux-hamming-512": Chip(512, 16, 256, 1, 22, small_page, small_columns),
    "linux-bch4-2048": Chip(2048, 64, 512, 4, 52, linux_bch4_page, plain_columns(2048, 512, 36, 7, 7)),
    "omap-bch8-2048": Chip(2048, 64, 512, 8, 104, omap_page, plain_columns(2048, 512, 2, 14, 13)),
    "bch40-8192": Chip(8192, 640, 1024, 40, 560, mlc_page, mlc_columns),
}


def dump(chip: Chip, data: bytes) -> bytearray:
    """Raw pages of `data`, the last one filled up with zeros."""
    padded = data + bytes(-len(data) % chip.data)
    return bytearray(b"".join(chip.page(part) for part in sectors(padded, chip.data)))


def flip(raw: bytearray, chip: Chip, page: int, sector: int, bits: list[int]) -> list[tuple[int, int]]:
    """Flip bits of a code word, counted through its bytes; their places: (byte of the dump, bit, 0 the highest)."""
    columns = chip.columns(sector)
    places = []
    for bit in bits:
        offset = page * (chip.data + chip.spare) + columns[bit >> 3]
        raw[offset] ^= 0x80 >> (bit & 7)
        places.append((offset, bit & 7))
    return places
