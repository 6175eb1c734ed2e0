"""Folders that other carvers leave: PhotoRec's own, made by PhotoRec; and one as bulk_extractor leaves it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from carving.errors import EvidenceError, SegmentMissingError
from carving.evidence import open_evidence
from carving.fragments import Fragment
from carving.media.folder import FolderSource, open_folder
from carving.selection.folders import take_folder
from carving.selection.reading import read_list
from carving.selection.taking import take_listed

JPEG = b"\xff\xd8\xff\xe0\x00\x04ab" + bytes(range(200)) * 40 + b"\xff\xd9"


def take(source: FolderSource) -> tuple[list[Fragment], dict[str, str]]:
    left_out: dict[str, str] = {}
    return list(take_folder(source, "plain", left_out.__setitem__)), left_out


@pytest.fixture(scope="module")
def recup_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What PhotoRec makes of the plain demo image."""
    folder = tmp_path_factory.mktemp("photorec")
    image = Path(__file__).resolve().parents[3] / "sample_images/plain.dd"
    search = "partition_none,options,fileopt,everything,disable,jpg,enable,search"
    subprocess.run(
        ["photorec", "/d", folder / "recup_dir", "/cmd", image, search],
        check=True,
        capture_output=True,
        timeout=120,
        cwd=folder,
        stdin=subprocess.DEVNULL,
    )
    return folder / "recup_dir.1"


def test_photorec_folder(recup_dir: Path) -> None:
    source = open_folder(recup_dir)
    fragments, left_out = take(source)
    assert left_out == {}
    assert [fragment.data for fragment in fragments] == [path.read_bytes() for path in source.paths]
    assert all(source.read_at(fragment.offset, len(fragment.data)) == fragment.data for fragment in fragments)
    first = fragments[0].claim
    assert first is not None
    assert first.name == "f0000008.jpg"
    assert first.place is not None
    assert first.place.startswith("PhotoRec: image byte 4096 (")
    assert all(not path.name.startswith("t") or not (recup_dir / f"f{path.name[1:]}").exists() for path in source.paths)
    assert "thumbnails that PhotoRec also wrote" in source.remarks[0]


def test_photorec_list_on_its_image(recup_dir: Path, sample_images: Path) -> None:
    with_image = take_listed(
        open_evidence(sample_images / "plain.dd"), read_list(recup_dir / "report.xml"), "plain", lambda *_: None
    )
    found = {fragment.claim.name: fragment.data for fragment in with_image if fragment.claim}
    assert found
    for name, data in found.items():
        assert (recup_dir / name).read_bytes() == data


def test_bulk_extractor_folder(tmp_path: Path) -> None:
    carved = tmp_path / "jpeg_carved/000"
    carved.mkdir(parents=True)
    (carved / "4096.jpg").write_bytes(JPEG)
    (tmp_path / "jpeg_carved.txt").write_text(
        "# BULK_EXTRACTOR-Version: 2.0\n4096\tjpeg_carved/000/4096.jpg\t<fileobject><filename>jpeg_carved/000/4096.jpg"
        f"</filename><filesize>{len(JPEG)}</filesize></fileobject>\n"
    )
    (fragment,), _ = take(open_folder(tmp_path / "jpeg_carved"))
    assert fragment.claim is not None
    assert (fragment.claim.name, fragment.claim.place) == (
        "000/4096.jpg",
        f"bulk_extractor: image byte 4096 ({len(JPEG)} bytes)",
    )


def test_what_is_no_jpeg_of_the_folder_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (tmp_path / "outside.jpg").write_bytes(JPEG)
    (folder / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "note.txt").write_text("no picture")
    (folder / "empty.jpg").touch()
    (folder / "broken.JPG").write_bytes(bytes(100))
    (folder / "unnamed").write_bytes(JPEG)
    (folder / "report.xml").write_text("<dfxml>")
    source = open_folder(folder)
    fragments, left_out = take(source)
    assert [fragment.claim.name for fragment in fragments if fragment.claim] == ["broken.JPG", "unnamed"]
    assert source.remarks == ("left out of the folder: 2 not JPEGs, 1 empty, 1 links",)
    assert list(left_out) == ["report.xml"]


def test_folder_without_jpegs(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="holds no JPEG") as caught:
        open_evidence(tmp_path)
    assert not isinstance(caught.value, SegmentMissingError)
