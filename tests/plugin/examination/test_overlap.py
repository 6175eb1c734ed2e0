"""What goes on at the same time: hashing, reading, decryption, search. Shown by what waits for what, not by time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import plugin
from carving.carver.carver import carve
from carving.encryption.ciphers import SectorNumbering, parse_cipher
from carving.encryption.dmcrypt import DmCryptSource
from carving.encryption.sectors import encrypt_sectors
from carving.source import ByteSource
from plugin.common.progress import Stage
from plugin.common.settings import Parameters
from plugin.custody.hashing import hash_source
from restore.lab.simulation.medium import MemorySource

_PATIENCE = 30.0
_WINDOW = 1 << 16


class HashHeldUp:
    """Lets hashing begin, and go on only once the search has come to a place; remembers whether it did."""

    def __init__(self) -> None:
        self.searching = threading.Event()
        self.overlapped = False

    def update(self, stage: Stage, done: int, _total: int) -> None:
        if stage is Stage.SCAN and done:
            self.searching.set()
        elif stage is Stage.HASH and done == 0:
            self.overlapped = self.searching.wait(_PATIENCE)


@pytest.mark.parametrize("name", ["plain", "demo"])
def test_the_search_goes_on_while_the_evidence_is_hashed(sample_images: Path, tmp_path: Path, name: str) -> None:
    """The second is an E01 of an encrypted volume: inflating, decryption and search beside inflating and hashing."""
    evidence = sample_images / ("plain.dd" if name == "plain" else "demo.E01")
    key = None if name == "plain" else f"file:{sample_images / 'demo.key'}"
    progress = HashHeldUp()
    report = plugin.run(
        evidence, tmp_path / "out", key=key, parameters=Parameters(carve_only=True), jobs=1, progress=progress
    )
    assert report.exit_code == 0
    assert report.evidence.unchanged
    assert progress.overlapped


class Announced(MemorySource):
    """Bytes in memory; it is told when some behind a place were read."""

    def __init__(self, data: bytes, place: int) -> None:
        super().__init__(data)
        self._place = place
        self.reached = threading.Event()

    def read_at(self, offset: int, length: int) -> bytes:
        if offset >= self._place:
            self.reached.set()
        return super().read_at(offset, length)


@pytest.mark.parametrize("encrypted", [False, True])
def test_windows_are_read_and_decrypted_ahead_of_whoever_takes_the_files(
    photos: tuple[bytes, ...], key: bytes, encrypted: bool
) -> None:
    data = photos[0].ljust(_WINDOW, b"\0") + bytes(_WINDOW) + photos[1].ljust(_WINDOW, b"\0")
    stored = Announced(encrypt_sectors(data, key) if encrypted else data, 2 * _WINDOW)
    source: ByteSource = stored
    if encrypted:
        source = DmCryptSource(stored, key, parse_cipher("aes-cbc-essiv:sha256"), SectorNumbering())
    found = carve(source, window=_WINDOW, threads=2)
    assert next(found).data == photos[0]
    assert stored.reached.wait(_PATIENCE)
    assert [fragment.data for fragment in found] == [photos[1]]


def test_the_next_piece_is_read_while_one_is_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A digest that waits for a later piece to be read comes to its end only where reading does not wait for it."""
    piece = 1 << 12
    monkeypatch.setattr("plugin.custody.hashing._BUFFER", piece)
    source = Announced(bytes(4 * piece), piece)
    waited: list[bool] = []

    class Waiting:
        def update(self, _data: bytes) -> None:
            waited.append(source.reached.wait(_PATIENCE))

        def hexdigest(self) -> str:
            return "0"

    monkeypatch.setattr("plugin.custody.hashing.hashlib.new", lambda *_, **__: Waiting())
    hash_source(source, ("sha256",), lambda _done, _total: None)
    assert waited == [True] * 4
