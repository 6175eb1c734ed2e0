"""The tool's speeds beside those of others on the same data in the same run: `carve-restore bench`."""

from __future__ import annotations

import hashlib
import io
import struct
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from PIL import Image

from carving.encryption.ciphers import SectorNumbering, parse_cipher
from carving.encryption.sector_cipher import BLOCK
from carving.encryption.sectors import sector_cipher
from restore.lab.simulation.damage import damage, spared_header
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from restore.lab.simulation.medium import PAPER_KEY, Medium
from restore.lab.speed.reference import reference_coefficients
from restore.lab.speed.timing import Timing, race

SECTOR: Final = 512
FULL_TARGET: Final = 0.6
"""Speed of the full decoder relative to Pillow's that is aimed at."""
ENTROPY_TARGETS: Final = ((1.0, 0.5), (float("inf"), 0.7))
"""Bits per pixel below which, and the speed aimed at relative to Pillow's decode to 1/8 size, which entropy decoding
bounds."""
CBC_TARGET: Final = 15.0
CIPHERS: Final = (
    ("aes-cbc-essiv:sha256", 16),
    ("aes-cbc-essiv:sha256", 32),
    ("aes-xts-plain64", 32),
    ("aes-xts-plain64", 64),
)
"""Ciphers, and bytes of their keys, that are timed beside AES-ECB alone."""
DECRYPTION_FLOOR: Final = 1000.0
"""Megabytes per second and core that decryption aims at."""
SCA_LIMIT: Final = 0.15
"""Seconds aimed at for robust decoding and self-compensation of 2048×1024 pixels."""
_RATES: Final = (0.7, 1.2)
_CRYPT_BYTES: Final = 8 << 20
_LOOP_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class SpeedComparison:
    """One line of the benchmark.

    Attributes:
        task: what both do.
        ours, other: timings.
        other_name: who the other is; empty where there is only a limit in seconds.
        amount, unit: work per run of ours, such as megapixels; `other_amount` per run of the other.
        target: aimed-at ratio of the speeds, or the limit in seconds; None where nothing was promised.
        floor: our speed aimed at, in units per second; None where nothing was promised.
    """

    task: str
    ours: Timing
    other: Timing | None
    other_name: str
    amount: float
    other_amount: float
    unit: str
    target: float | None
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        """Our speed over the other's, by the medians."""
        if self.other is None:
            return None
        return (self.amount / self.ours.median) / (self.other_amount / self.other.median)

    @property
    def verdict(self) -> str:
        """Who is faster, and whether the target is met."""
        if self.ratio is None:
            parts = [] if self.target is None else [_met(self.ours.median <= self.target)]
        else:
            parts = [f"we {'win' if self.ratio >= 1 else 'lose'}, {self.ratio:.2f}×"]
            if self.target is not None:
                parts.append(_met(self.ratio >= self.target))
        if self.floor is not None:
            parts.append(_met(self.amount / self.ours.median >= self.floor))
        return "; ".join(parts)


def benchmark(files: Sequence[tuple[str, bytes]], rounds: int) -> Iterator[SpeedComparison]:
    """Run every comparison.

    Args:
        files: names and bytes of JPEGs to decode; pictures made here where empty.
        rounds: measured runs of each contestant.

    Raises:
        JpegError: a file cannot be decoded.
    """
    for name, jpeg in files or made_files():
        yield from _decoding(name, jpeg, rounds)
    yield _against_reference(rounds)
    yield _self_compensation(rounds)
    yield _decryption(rounds)
    for cipher, key_size in CIPHERS:
        yield _decryption_beside_ecb(cipher, key_size, rounds)


def made_files() -> list[tuple[str, bytes]]:
    """Fractal noise of 2048×2048 pixels, 4:2:0, at two bit rates."""
    pixels = fractal_picture(2048, 2048, seed=1)
    return [(f"made picture at {rate:g} bpp", coded_at(pixels, rate)) for rate in _RATES]


def markdown(comparisons: Sequence[SpeedComparison]) -> str:
    """The benchmark as Markdown: medians, quartiles in brackets."""
    rows = [
        "| task | carve-restore | other | speed of ours | speed of the other | verdict |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for item in comparisons:
        other = "–" if item.other is None else f"{item.other_name}: {_milliseconds(item.other)}"
        speed = f"{_speed(item.amount / item.ours.median)} {item.unit}/s"
        other_speed = "–" if item.other is None else f"{_speed(item.other_amount / item.other.median)} {item.unit}/s"
        rows.append(
            f"| {item.task} | {_milliseconds(item.ours)} | {other} | {speed} | {other_speed} | {item.verdict} |"
        )
    return "\n".join([*rows, "", "Median [quartiles]; contestants timed in turns in one process, one thread each.", ""])


def _decoding(name: str, jpeg: bytes, rounds: int) -> Iterator[SpeedComparison]:
    from restore.decoding.robust import decode

    frame = decode(jpeg).header.frame
    megapixels = frame.width * frame.height / 1e6
    rate = 8 * len(jpeg) / (frame.width * frame.height)
    timings = race(
        {
            "full": lambda: decode(jpeg).pixels,
            "pillow": lambda: _pillow(jpeg, 1),
            "entropy": lambda: decode(jpeg).coefficients,
            "draft": lambda: _pillow(jpeg, 8),
        },
        rounds,
    )
    full, entropy = f"decode, {name}", f"entropy decode only, {name}"
    aim = next(target for limit, target in ENTROPY_TARGETS if rate < limit)
    yield SpeedComparison(full, timings["full"], timings["pillow"], "Pillow", megapixels, megapixels, "MP", FULL_TARGET)
    yield SpeedComparison(
        entropy, timings["entropy"], timings["draft"], "Pillow to 1/8 size", megapixels, megapixels, "MP", aim
    )


def _pillow(jpeg: bytes, scale: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(jpeg)) as picture:
            if scale > 1:
                picture.draft("RGB", (picture.width // scale, picture.height // scale))
            picture.load()


def _against_reference(rounds: int) -> SpeedComparison:
    from restore.decoding.robust import decode

    jpeg = coded_at(fractal_picture(512, 512, seed=2), 1.2)
    timings = race(
        {"ours": lambda: decode(jpeg).coefficients, "reference": lambda: reference_coefficients(jpeg)}, min(rounds, 5)
    )
    task, other = "entropy decode only, 512×512", "plain Python"
    return SpeedComparison(
        task, timings["ours"], timings["reference"], other, len(jpeg) / 1e3, len(jpeg) / 1e3, "kB", None
    )


def _self_compensation(rounds: int) -> SpeedComparison:
    from restore.decoding.robust import decode
    from restore.sca import self_compensate

    jpeg = coded_at(fractal_picture(1024, 2048, seed=3), 0.7)
    medium = Medium(PAPER_KEY)
    damaged = damage(jpeg, medium, 1e-5, 1, spared_header(jpeg, medium)).jpeg

    def run() -> None:
        decoded = decode(damaged)
        self_compensate(decoded.header, decoded.coefficients)

    timings = race({"ours": run}, rounds)
    task = f"robust decode and SCA, 2048×1024, damaged (limit {SCA_LIMIT:g} s)"
    return SpeedComparison(task, timings["ours"], None, "", 2.097152, 0.0, "MP", SCA_LIMIT)


def _decryption(rounds: int) -> SpeedComparison:
    ciphertext = np.random.default_rng(0).integers(0, 256, _CRYPT_BYTES, dtype=np.uint8)
    plaintext = np.empty(_CRYPT_BYTES + BLOCK, dtype=np.uint8)
    cipher = sector_cipher(PAPER_KEY, parse_cipher("aes-cbc-essiv:sha256"), SectorNumbering(SECTOR))
    stored = ciphertext[:_LOOP_BYTES].tobytes()
    timings = race(
        {
            "ours": lambda: cipher.decrypt_into(ciphertext, 0, plaintext),
            "loop": lambda: decrypt_sector_by_sector(stored, PAPER_KEY),
        },
        rounds,
    )
    if plaintext[:_LOOP_BYTES].tobytes() != decrypt_sector_by_sector(stored, PAPER_KEY):
        raise AssertionError("the two decryptions differ")
    task, other = "decrypt aes-cbc-essiv:sha256, sectors of 512", "one CBC call per sector"
    return SpeedComparison(
        task, timings["ours"], timings["loop"], other, _CRYPT_BYTES / 1e6, _LOOP_BYTES / 1e6, "MB", CBC_TARGET
    )


def _decryption_beside_ecb(name: str, key_size: int, rounds: int) -> SpeedComparison:
    """Into a reused buffer, beside AES-ECB alone over the same bytes, which no mode that is built of it can pass."""
    generator = np.random.default_rng(key_size)
    ciphertext = generator.integers(0, 256, _CRYPT_BYTES, dtype=np.uint8)
    plaintext = np.empty(_CRYPT_BYTES + BLOCK, dtype=np.uint8)
    spec, key = parse_cipher(name), generator.bytes(key_size)
    cipher = sector_cipher(key, spec, SectorNumbering(SECTOR))
    blocks = Cipher(AES(spec.block_key(key)), ECB()).decryptor()
    timings = race(
        {
            "ours": lambda: cipher.decrypt_into(ciphertext, 0, plaintext),
            "ecb": lambda: blocks.update_into(ciphertext.data, plaintext.data),
        },
        rounds,
        time.process_time,
    )
    task = f"decrypt {name}, {8 * key_size}-bit key (aim {DECRYPTION_FLOOR:.0f} MB per second of one core)"
    megabytes = _CRYPT_BYTES / 1e6
    return SpeedComparison(
        task, timings["ours"], timings["ecb"], "AES-ECB alone", megabytes, megabytes, "MB", None, DECRYPTION_FLOOR
    )


def decrypt_sector_by_sector(ciphertext: bytes, key: bytes) -> bytes:
    """dm-crypt's `aes-cbc-essiv:sha256` in the obvious way: one CBC decryption for each sector of 512 bytes."""
    essiv = Cipher(AES(hashlib.sha256(key).digest()), ECB()).encryptor()
    volume = AES(key)
    plain = []
    for start in range(0, len(ciphertext), SECTOR):
        iv = essiv.update(struct.pack("<QQ", start // SECTOR, 0))
        plain.append(Cipher(volume, CBC(iv)).decryptor().update(ciphertext[start : start + SECTOR]))
    return b"".join(plain)


def _milliseconds(timing: Timing) -> str:
    values = (timing.median, timing.lower_quartile, timing.upper_quartile)
    middle, lower, upper = (f"{1000 * value:.3g}" for value in values)
    return f"{middle} ms [{lower}–{upper}]"


def _speed(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def _met(met: bool) -> str:
    return "target met" if met else "target missed"
