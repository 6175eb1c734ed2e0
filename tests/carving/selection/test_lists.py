"""Lists that other tools write: DFXML, PhotoRec's report.xml, body files, bulk_extractor's feature file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carving.errors import UsageError
from carving.selection.listed import ListedFile
from carving.selection.reading import read_list
from carving.source import Run

NAMESPACE = 'xmlns="http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML"'


def read(tmp_path: Path, text: str | bytes) -> list[ListedFile]:
    path = tmp_path / "list"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(read_list(path))


def test_dfxml_as_fiwalk_writes_it(tmp_path: Path) -> None:
    text = (
        f'<?xml version="1.0"?><dfxml {NAMESPACE}><volume offset="1048576"><fileobject><filename>'
        "DCIM</filename><name_type>d</name_type></fileobject><fileobject><parent_object><inode>2</inode>"
        "</parent_object><filename>DCIM/a &amp; b.jpg"
        "</filename><name_type>r</name_type><inode>12</inode><filesize>6000</filesize><byte_runs>"
        '<byte_run file_offset="4096" fs_offset="90112" img_offset="1138688" len="1904"/>'
        '<byte_run file_offset="0" fs_offset="40960" img_offset="1089536" len="4096"/>'
        "</byte_runs></fileobject></volume></dfxml>"
    )
    (file,) = read(tmp_path, text)
    assert file == ListedFile(
        name="DCIM/a & b.jpg",
        size=6000,
        media_runs=(Run(1089536, 4096), Run(1138688, 1904)),
        volume_runs=(Run(40960, 4096), Run(90112, 1904)),
        address="12",
    )


@pytest.mark.parametrize("attributes", ['len="512" fill="0"', 'len="512" uncompressed_len="4096"', 'len="-1"', ""])
def test_dfxml_runs_that_are_not_the_bytes_of_the_file(tmp_path: Path, attributes: str) -> None:
    (file,) = read(tmp_path, f'<dfxml><fileobject><byte_run img_offset="0" {attributes}/></fileobject></dfxml>')
    assert file.media_runs == ()


def test_photorec_report(tmp_path: Path) -> None:
    text = (
        "<?xml version='1.0' encoding='UTF-8'?>\n<dfxml xmloutputversion='1.0'><source><volume><byte_runs>"
        "<byte_run offset='0' img_offset='0' len='673280'/></byte_runs></volume></source><fileobject>"
        "<filename>f0000008.jpg</filename><filesize>119495</filesize><byte_runs>"
        "<byte_run offset='0' img_offset='4096' len='119808'/></byte_runs></fileobject></dfxml>"
    )
    (file,) = read(tmp_path, text)
    assert (file.name, file.size, file.media_runs) == ("f0000008.jpg", 119495, (Run(4096, 119808),))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<dfxml><fileobject>", "not well-formed"),
        ('<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><d>&b;</d>', "document type"),
        ("hello", "no list this tool reads"),
        ("", "no list this tool reads"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read(tmp_path, text)


def test_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_list(tmp_path / "absent")


def test_body_file(tmp_path: Path) -> None:
    text = (
        "# made by fls\n"
        "0|/DCIM/IMG|1.jpg|12|r/rrw-r--r--|0|0|119495|1|2|3|4\n"
        "0|/DCIM|11|d/drwxr-xr-x|0|0|1024|1|2|3|4\n"
        "0|/gone.jpg (deleted)|13-128-1|r/rrw-r--r--|0|0|77|1|2|3|4\n"
        "0|/lost.jpg (deleted)|0|r/----------|0|0|0|0|0|0|0\n"
        "too|few|fields\n"
    )
    assert read(tmp_path, text) == [
        ListedFile("/DCIM/IMG|1.jpg", 119495, address="12"),
        ListedFile("/gone.jpg", 77, address="13-128-1"),
    ]


def test_bulk_extractor_feature_file(tmp_path: Path) -> None:
    context = "<fileobject><filename>{0}</filename><filesize>{1}</filesize></fileobject>"
    text = (
        "\ufeff# BANNER FILE NOT PROVIDED (-b option)\n# Feature-Recorder: jpeg_carved\n"
        f"4096\tjpeg_carved/000/4096.jpg\t{context.format('jpeg_carved/000/4096.jpg', 119495)}\n"
        f"13259-RAR-0\tjpeg_carved/000/13259-RAR-0.jpg\t{context.format('x', 5)}\n"
    )
    plain, inside = read(tmp_path, text)
    assert plain == ListedFile("jpeg_carved/000/4096.jpg", 119495, media_runs=(Run(4096, 119495),))
    assert inside.media_runs == ()


@given(
    data=st.binary(max_size=300), kind=st.sampled_from([b"<dfxml><fileobject>", b"0|a|1|r|0|0|9|0|0|0|0\n", b"1\tx\t"])
)
def test_no_list_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes, kind: bytes) -> None:
    try:
        files = read(tmp_path_factory.mktemp("lists"), kind + data)
    except UsageError:
        return
    assert all(run.offset >= 0 and run.length >= 0 for file in files for run in file.media_runs)
