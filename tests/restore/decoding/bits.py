"""Reading and writing bits in plain Python, for the reference decoders of these tests."""

from __future__ import annotations

from carving.jpeg.tables import HuffmanTable


class Bits:
    """The bits of some bytes, most significant first; zeros behind their end."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    def read(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte = self.data[self.position >> 3] if self.position >> 3 < len(self.data) else 0
            value = value << 1 | byte >> (7 - self.position % 8) & 1
            self.position += 1
        return value

    def symbol(self, table: HuffmanTable) -> int:
        """The symbol of the next code. Raises `ValueError` where there is none."""
        codes = {(code, length): symbol for code, length, symbol in table.codes}
        code = 0
        for length in range(1, 17):
            code = code << 1 | self.read(1)
            if (code, length) in codes:
                return codes[code, length]
        raise ValueError("no such code")

    def amplitude(self, size: int) -> int:
        """T.81 F.2.2.1: RECEIVE and EXTEND."""
        value = self.read(size)
        return value if size == 0 or value >> (size - 1) else value - (1 << size) + 1


def packed(bits: str) -> bytes:
    """A string of 0 and 1 as bytes, filled up with ones."""
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


def code_of(table: HuffmanTable, symbol: int) -> str:
    """The code of a symbol as a string of 0 and 1."""
    return next(f"{code:0{length}b}" for code, length, known in table.codes if known == symbol)
