"""The main job through its Python interface: on the sample evidence, and on evidence made here."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import plugin
from carving.errors import EvidenceError, KeyMismatchError, OutputError, UsageError
from plugin.common.report_model import Report
from plugin.common.settings import CaseDetails, Parameters
from plugin.report.validation import validate
from restore.provenance import Status
from tests.plugin.custody.chain_check import verify_chain


def check_folder(folder: Path, report: Report) -> dict[str, Any]:
    """What holds of every finished run: valid report, unbroken custody, every file whole, accounted for and logged."""
    text = (folder / "report.json").read_bytes()
    validate(text)
    document: dict[str, Any] = json.loads(text)
    verify_chain(folder / "custody.jsonl")
    lines = (folder / "custody.jsonl").read_text("ascii").splitlines()
    head = document["custody"]
    assert hashlib.sha256(lines[head["records"] - 1].encode()).hexdigest() == head["sha256"]
    records = [json.loads(line) for line in lines]
    assert [record["event"] for record in (records[0], records[-1])] == ["run_started", "run_finished"]
    logged = {item["details"]["path"]: item["details"] for item in records if item["event"] == "file_written"}
    on_disk = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert on_disk == {*logged, "custody.jsonl"}
    named = [
        entry[kind]
        for entry in document["files"]
        for kind in ("carved", "thumbnail", "repaired", "restored", "provenance")
        if entry[kind] is not None
    ]
    named += [file for entry in document["files"] for file in entry["previews"].values() if file is not None]
    segments = [segment for entry in document["files"] for segment in entry["segments"]]
    named += [segment[kind] for segment in segments for kind in ("picture", "preview") if segment[kind] is not None]
    stems = [Path(entry["carved"]["path"]).stem for entry in document["files"]]
    reports = {"report.json", "report.html", "dfxml.xml", "case.jsonld"}
    reports |= {f"files/{stem}.{kind}" for stem in stems for kind in ("json", "html")}
    assert {file["path"] for file in named} | reports | {"errors.log"} == set(logged) | {"errors.log"}
    for file in named:
        data = (folder / file["path"]).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file["sha256"], file["size"])
        assert logged[file["path"]]["sha256"] == file["sha256"]
    assert len(document["files"]) == len(report.files)
    return document


def truth(sample_images: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((sample_images / f"{name}.truth.json").read_text("utf-8"))
    return content


@pytest.mark.parametrize("name", ["plain", "demo"])
def test_sample_evidence(sample_images: Path, tmp_path: Path, name: str) -> None:
    encrypted = name == "demo"
    evidence = sample_images / ("demo.E01" if encrypted else "plain.dd")
    key = f"file:{sample_images / 'demo.key'}" if encrypted else None
    known = truth(sample_images, name)

    report = plugin.run(evidence, tmp_path / "out", key=key, jobs=2)

    document = check_folder(tmp_path / "out", report)
    assert report.exit_code == 0
    assert document["evidence"]["sha256"] == known["media"]["sha256"]
    assert document["evidence"]["md5"] == (known["media"]["md5"] if encrypted else None)
    assert document["evidence"]["stored_hashes_match"] is (True if encrypted else None)
    assert document["scan"]["scanned_bytes"] == document["scan"]["size"] == known["media"]["size"]
    found = {entry["offset"]: entry for entry in document["files"]}
    assert list(found) == sorted(found)
    for photo in known["photos"]:
        entry = found[photo["offset"]]
        assert entry["layer"] == ("decrypted" if encrypted else "plain")
        assert entry["evidence_runs"] == [{"offset": photo["offset"], "length": entry["size"]}]
        assert entry["carved"]["path"] == f"carved/{photo['offset']:010d}.jpg"
        assert entry["thumbnail"]["sha256"] == photo["thumbnail"]["sha256"]
        assert entry["thumbnail"]["stored"]["offset"] == photo["thumbnail"]["offset"]
        assert sum(entry["mcus"].values()) == 2 * entry["mcus"]["total"] > 0
        assert entry["carved"]["sha256"] == photo["sha256_as_found"]
        check_claims(entry, photo, {(flip["offset"], flip["bit"]) for flip in known["flips"]})
        assert (entry["restored"] is None) == (entry["status"] in ("intact", "exact"))
        with Image.open(tmp_path / "out" / entry["provenance"]["path"]) as provenance:
            size = provenance.size
        with Image.open(tmp_path / "out" / entry["carved"]["path"]) as carved:
            assert carved.size == size


def check_claims(entry: dict[str, Any], photo: dict[str, Any], flips: set[tuple[int, int]]) -> None:
    """Nothing undamaged is touched, no flip is invented, and what is called exact is the original, bit for bit."""
    claimed = {(flip["evidence_offset"], flip["bit"]) for flip in entry["bit_flips"]}
    assert claimed <= flips
    assert (entry["status"] == "intact") == (photo["flips"] == 0)
    assert entry["status"] in ("intact", "exact", "repaired", "restored")
    assert (entry["repaired"] is not None) == (entry["status"] in ("exact", "repaired"))
    assert entry["status"] != "exact" or entry["exact_probability"] >= 0.995
    if entry["status"] == "exact" or (entry["status"] == "repaired" and len(claimed) == photo["flips"]):
        assert entry["repaired"]["sha256"] == photo["sha256"]
        assert len(claimed) == photo["flips"]


def test_unencrypted_image(tmp_path: Path, plain_image: Path, photos: tuple[bytes, ...]) -> None:
    before = plain_image.read_bytes()
    report = plugin.run(plain_image, tmp_path / "out", jobs=1, details=CaseDetails("E. Xaminer", "17/26", "A1"))
    document = check_folder(tmp_path / "out", report)
    assert [entry["offset"] for entry in document["files"]] == [4096, 65536]
    assert [entry.status for entry in report.files] == [Status.INTACT, Status.INTACT]
    for entry, photo in zip(report.files, photos, strict=True):
        assert (tmp_path / "out" / entry.carved.path).read_bytes() == photo
    assert document["details"] == {"examiner": "E. Xaminer", "case": "17/26", "exhibit": "A1"}
    assert document["key"] is None
    assert plain_image.read_bytes() == before


def test_key_is_in_no_file(tmp_path: Path, encrypted_image: Path, key: bytes) -> None:
    report = plugin.run(encrypted_image, tmp_path / "out", key=key.hex(), parameters=Parameters(carve_only=True))
    document = check_folder(tmp_path / "out", report)
    assert [entry["layer"] for entry in document["files"]] == ["decrypted", "decrypted"]
    assert document["key"]["confirmed_by"]
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert key not in content
            assert key.hex() not in content.decode("latin-1").lower()


def test_carve_only_restores_nothing(tmp_path: Path, plain_image: Path) -> None:
    report = plugin.run(plain_image, tmp_path / "out", parameters=Parameters(carve_only=True))
    check_folder(tmp_path / "out", report)
    assert [entry.status for entry in report.files] == [None, None]
    assert not {"previews", "provenance", "repaired", "restored"} & {path.name for path in (tmp_path / "out").iterdir()}


def test_damaged_jpeg_by_itself(tmp_path: Path, photos: tuple[bytes, ...]) -> None:
    damaged = bytearray(photos[0])
    middle = 623 + (len(damaged) - 623) // 2
    damaged[middle : middle + 16] = np.random.default_rng(3).bytes(16)
    path = tmp_path / "größe 1.jpg"
    path.write_bytes(damaged)
    report = plugin.run(path, tmp_path / "out", jobs=1)
    check_folder(tmp_path / "out", report)
    (entry,) = report.files
    assert entry.status in (Status.RESTORED, Status.PARTIAL)  # 16 bytes of noise are more than flips
    assert entry.restored is not None
    assert (tmp_path / "out" / entry.carved.path).read_bytes() == bytes(damaged)
    with Image.open(tmp_path / "out" / entry.restored.path) as restored:
        assert (restored.size, restored.mode) == ((160, 120), "RGB")


def test_nothing_found_is_a_result(tmp_path: Path, noise_image: Path) -> None:
    report = plugin.run(noise_image, tmp_path / "out")
    check_folder(tmp_path / "out", report)
    assert (report.files, report.exit_code) == ((), 0)
    assert any("no JPEG" in note for note in report.notes)


def test_wrong_key_leaves_the_folder_free_for_the_next_try(
    tmp_path: Path, encrypted_image: Path, noise_image: Path
) -> None:
    for image in (encrypted_image, noise_image):
        with pytest.raises(KeyMismatchError):
            plugin.run(image, tmp_path / "out", key="00" * 16)
    assert not (tmp_path / "out").exists()


def test_altered_e01_is_noticed_after_the_work_is_done(sample_images: Path, tmp_path: Path) -> None:
    image = bytearray((sample_images / "demo.E01").read_bytes())
    image[len(image) // 2] ^= 0x10
    path = tmp_path / "altered.E01"
    path.write_bytes(image)
    report = plugin.run(
        path, tmp_path / "out", key=f"file:{sample_images / 'demo.key'}", parameters=Parameters(carve_only=True)
    )
    document = check_folder(tmp_path / "out", report)
    assert report.exit_code == 6
    assert document["evidence"]["stored_hashes_match"] is False
    assert document["evidence"]["damaged_runs"]
    assert len(document["files"]) >= 5


def test_evidence_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "empty.dd").touch()
    for name in ("empty.dd", "none.dd", "."):
        with pytest.raises(EvidenceError):
            plugin.run(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_output_must_be_vacant(tmp_path: Path, plain_image: Path) -> None:
    with pytest.raises(OutputError, match="not empty"):
        plugin.run(plain_image, tmp_path)


@pytest.mark.parametrize(
    "parameters", [Parameters(sector_size=4096), Parameters(iv_sector="be32"), Parameters(device="cuda")]
)
def test_settings_that_would_count_for_nothing(tmp_path: Path, plain_image: Path, parameters: Parameters) -> None:
    with pytest.raises(UsageError):
        plugin.run(plain_image, tmp_path / "out", parameters=parameters)
