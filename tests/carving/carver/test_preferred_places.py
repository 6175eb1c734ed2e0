"""Where a file goes on: in blocks that belong to nothing rather than in those of a file, if both decode alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from carving.carver.carver import carve
from carving.source import Run
from tests.carving.conftest import run_tool
from tests.carving.file_systems.stored_files.images import debugfs
from tests.carving.file_systems.stored_files.searching import search
from tests.carving.memory import MemorySource, camera_jpeg

CLUSTER = 4096
WHOLE = camera_jpeg(21, width=960, height=720)
CUT = len(WHOLE) * 2 // 5 // CLUSTER * CLUSTER
REST = WHOLE[CUT:] + bytes(-(len(WHOLE) - CUT) % CLUSTER)
TEXT = (b"words between what matters and what does not\n" * 200)[: 2 * CLUSTER]
NEAR = CUT + len(TEXT)
FAR = NEAR + len(REST) + len(TEXT)
DISK = WHOLE[:CUT] + TEXT + REST + TEXT + REST + TEXT


@pytest.mark.parametrize(
    ("unowned", "place"),
    [
        (None, NEAR),
        ((Run(0, len(DISK)),), NEAR),
        ((Run(0, NEAR), Run(FAR - CLUSTER, len(REST) + 2 * CLUSTER)), FAR),
        ((Run(0, NEAR),), NEAR),  # no other place is left
        ((Run(FAR, len(REST)),), NEAR),  # the file's own beginning belongs to a file
        ((Run(0, NEAR), Run(FAR, CLUSTER)), NEAR),  # not all of it can be in what is free
    ],
)
def test_the_place_where_a_file_goes_on(unowned: tuple[Run, ...] | None, place: int) -> None:
    (found,) = [one for one in carve(MemorySource(DISK), unowned=unowned) if one.offset == 0]
    assert found.data == WHOLE
    assert found.byte_runs == (Run(0, CUT), Run(place, len(WHOLE) - CUT))


def test_two_files_do_not_go_on_in_the_same_place() -> None:
    """The second file of the same bytes takes what the first has left: the free place goes to the first."""
    disk = WHOLE[:CUT] + TEXT + DISK
    moved = CUT + len(TEXT)
    unowned = (Run(0, moved + NEAR), Run(moved + FAR, len(disk) - moved - FAR))
    found = {one.offset: one for one in carve(MemorySource(disk), unowned=unowned)}
    assert [found[at].data for at in (0, moved)] == [WHOLE, WHOLE]
    assert {found[at].byte_runs[1].offset for at in (0, moved)} == {moved + NEAR, moved + FAR}


def test_a_deleted_photo_does_not_go_on_in_a_file(tmp_path: Path) -> None:
    """Its rest stands in a file that somebody copied it to, and, further on, where it lay itself."""
    volume = tmp_path / "ext.dd"
    run_tool("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-O", "^has_journal", str(volume), "4M")
    gone = (b"words that are deleted\n" * CUT)[:CUT]
    files = {"low": TEXT * 20, "gone": gone, "between": TEXT, "copy": REST}  # the first fills what structures leave
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    debugfs(volume, *(f"write {tmp_path / name} {name}" for name in files))
    own = debugfs(volume, "stat /gone").split("Inode: ")[1].split()[0]
    debugfs(volume, "rm /gone", f"clri <{own}>")
    data = bytearray(volume.read_bytes())
    place = data.index(gone)
    copied = data.index(REST)
    lay = copied + len(REST) + 4 * CLUSTER
    assert place + CUT < copied
    assert not any(data[lay : lay + len(REST)])
    data[place : place + CUT] = WHOLE[:CUT]
    data[lay : lay + len(REST)] = REST
    (found,) = [one for one in search(MemorySource(bytes(data))).fragments if one.offset == place]
    assert found.data == WHOLE
    assert found.byte_runs == (Run(place, CUT), Run(lay, len(WHOLE) - CUT))
