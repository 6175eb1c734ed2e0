"""Images that a real kernel wrote: every file byte for byte, also what was deleted, through all layers."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from carving.encryption.credentials import Credential
from carving.evidence import open_evidence
from carving.file_systems.stored_files.file_source import FileSource
from carving.file_systems.walking.allocation_walk import read_allocation
from carving.fscrypt.master_keys import MasterKey


@dataclass(frozen=True)
class KernelImages:
    """What is in the folder of images."""

    folder: Path
    facts: dict[str, object]

    def unpacked(self, name: str, into: Path) -> Path:
        path = into / name
        path.write_bytes(gzip.decompress((self.folder / f"{name}.gz").read_bytes()))
        return path

    def hashes(self, file_system: str) -> dict[str, str]:
        files = self.facts["files"]
        assert isinstance(files, list)
        return {file["path"]: file["sha256"] for file in files if file["file_system"] == file_system}

    @property
    def keys(self) -> tuple[MasterKey, ...]:
        first, second = (bytes.fromhex(str(self.facts[f"master_key_v{version}"])) for version in (2, 1))
        return MasterKey(first), MasterKey(second, descriptor=bytes.fromhex(str(self.facts["descriptor_v1"])))


@pytest.fixture(scope="module")
def kernel_images(shared_data: Path) -> KernelImages:
    folder = shared_data / "forensic" / "fbe"
    return KernelImages(folder, json.loads((folder / "fbe.json").read_text()))


IMAGES = {"ext4-fbe.img": "ext4", "f2fs-fbe.img": "f2fs", "f2fs-fbe-metadata-encrypted.img": "f2fs"}


@pytest.mark.parametrize("name", IMAGES)
def test_every_file_comes_out(kernel_images: KernelImages, tmp_path: Path, name: str) -> None:
    metadata = bytes.fromhex(str(kernel_images.facts["metadata_key"]))
    credentials = (Credential(key=metadata, is_metadata_key=True),) if "metadata" in name else ()
    path = kernel_images.unpacked(name, tmp_path)
    source = open_evidence(path, credentials=credentials, file_keys=kernel_images.keys)
    allocation = read_allocation(source)
    found = {}
    for file in (*allocation.stored(), *allocation.deleted):
        if file.content.begins_as_jpeg:
            content = FileSource(source, file.content.runs)
            found[file.record.path] = hashlib.sha256(content.read_at(0, content.size)).hexdigest()
    wanted = kernel_images.hashes(IMAGES[name])
    assert {path: found.get(path) for path in wanted} == wanted
    assert found["/v2/sub/v2-1.jpg"] == wanted["/v2/v2-1.jpg"]  # the deleted one is another copy of it
    source.close()
