"""Every image of the collection opens, with the stored digest right, or is refused by name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from carving.carver.carver import carve
from carving.errors import EvidenceError
from carving.evidence import open_evidence
from carving.media.ewf.ewf_source import EwfSource
from carving.source import ByteSource

RAW = (".dd", ".raw", ".bin", ".img")
REFUSED = {".qcow2": "QCOW2 image", ".vmdk": "VMDK image", ".ad1": "AD1 image", ".dmg": "Apple disk image"}


def md5(source: ByteSource) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for offset in range(0, source.size, 4 << 20):
        digest.update(source.read_at(offset, 4 << 20))
    return digest.hexdigest()


def test_every_e01(shared_data: Path) -> None:
    forensic = shared_data / "forensic"
    images = sorted(forensic.rglob("*.E01"))
    assert len(images) >= 12
    wrong = set()
    for path in images:
        source = open_evidence(path)
        assert isinstance(source, EwfSource)
        if source.stored_digests.get("md5") != md5(source):
            wrong.add(str(path.relative_to(forensic)))
        assert source.damaged == ()
        source.close()
    assert wrong == set()


def test_every_raw_image(shared_data: Path) -> None:
    images = [path for path in sorted((shared_data / "forensic").rglob("*")) if path.suffix in RAW]
    assert len(images) >= 12
    for path in images:
        source = open_evidence(path)
        assert source.size == path.stat().st_size
        source.close()


def test_every_container(shared_data: Path) -> None:
    images = [path for path in sorted((shared_data / "forensic").rglob("*")) if path.suffix in REFUSED]
    assert {path.suffix for path in images} == set(REFUSED)
    for path in images:
        with pytest.raises(EvidenceError, match=REFUSED[path.suffix]):
            open_evidence(path)


def test_emails_yield_their_twenty_pictures(shared_data: Path) -> None:
    path = shared_data / "forensic/simsong_bulk_extractor/src/tests/nps-2010-emails.E01"
    source = open_evidence(path)
    found = list(carve(source))
    assert len(found) == 20
    assert all(fragment.ending == "eoi" for fragment in found)
