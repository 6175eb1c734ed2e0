"""Data that ext4 keeps in the inode itself."""

from __future__ import annotations

from pathlib import Path

from carving.evidence import open_evidence
from carving.file_systems.stored_files.file_source import FileSource
from carving.file_systems.walking.allocation_walk import read_allocation
from tests.carving.conftest import run_tool
from tests.carving.file_systems.stored_files.searching import search
from tests.carving.memory import jpeg


def test_inline_data_is_traced_to_the_inode(tmp_path: Path) -> None:
    content, volume = tmp_path / "content", tmp_path / "ext.dd"
    content.mkdir()
    tiny = jpeg(1, 8, 8, quality=5, optimize=True)
    texts = {"a.txt": b"short", "b.txt": bytes(range(60)), "c.txt": bytes(range(200)), "tiny.jpg": tiny}
    for name, data in texts.items():
        (content / name).write_bytes(data)
    options = ("-I", "1024", "-O", "inline_data", "-d", str(content))
    run_tool("mke2fs", "-q", "-t", "ext4", *options, str(volume), "2M")
    source = open_evidence(volume)
    files = {file.path[1:]: file for file in read_allocation(source).files}
    for name, data in texts.items():
        ((_, kept),) = files[name].streams
        assert FileSource(source, kept.runs).read_at(0, kept.size) == data
        assert len(kept.runs) == 1 + (len(data) > 60)
    (found,) = search(source).fragments
    assert (found.data, len(found.byte_runs)) == (tiny, 2)
    assert found.record is not None
    assert found.record.path == "/tiny.jpg"
