"""Flips in the header and in the table of a GPT."""

from __future__ import annotations

import subprocess

import pytest

from carving.file_systems.structures.correction import correct_file_system
from carving.file_systems.structures.reversal import CorrectedSource
from carving.file_systems.structures.sound_table import with_sound_table
from carving.file_systems.volumes import list_volumes, open_volume
from carving.source import Run
from tests.carving.file_systems.structures.flipping import corrected, damaged, places
from tests.carving.memory import MemorySource


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A disk of 4 MiB with two partitions."""
    path = tmp_path_factory.mktemp("gpt") / "disk.dd"
    path.write_bytes(bytes(4 << 20))
    layout = "label: gpt\nstart=2048, size=2048\nstart=4096, size=1024\n"
    environment = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
    subprocess.run(["sfdisk", "-q", str(path)], input=layout, text=True, check=True, env=environment)
    return path.read_bytes()


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(("flip", "structure"), [((512 + 74, 5), "header"), ((1024 + 128 + 33, 4), "partition table")])
def test_one_flip(disk: bytes, flip: tuple[int, int], structure: str, encrypted: bool) -> None:
    source, remarks = corrected(disk, [flip], encrypted=encrypted)
    assert places(source) == [flip]
    assert source.flips[0].structure == f"{structure} of GPT at byte 0"
    assert source.read_at(0, len(disk)) == disk
    assert len(remarks) == 1
    assert [volume.offset for volume in list_volumes(source)] == [2048 * 512, 4096 * 512]


def test_a_table_of_which_only_the_copy_is_right(disk: bytes) -> None:
    flips = [(1024 + 32, 3), (1024 + 128 + 33, 4)]
    source = CorrectedSource(damaged(disk, flips, encrypted=True))
    remarks = correct_file_system(source, 0)
    copy = len(disk) - 33 * 512
    assert source.flips == []
    assert remarks == (f"GPT at byte 0: read from copies, because they are damaged: partition table from byte {copy}",)
    assert source.read_at(1024, 16384) == disk[1024 : 1024 + 16384]


@pytest.mark.parametrize("flips", [[(1024 + 128 + 33, 4)], [(1024 + 32, 3), (1024 + 128 + 33, 4)]])
def test_volumes_of_a_damaged_table(disk: bytes, flips: list[tuple[int, int]]) -> None:
    """What `--volume` opens is what a run over the whole disk reads."""
    source = damaged(disk, flips, encrypted=len(flips) > 1)
    table = with_sound_table(source)
    assert [(volume.offset, volume.length) for volume in list_volumes(source, table)] == [
        (2048 * 512, 2048 * 512),
        (4096 * 512, 1024 * 512),
    ]
    second = open_volume(source, 2, table)
    assert second.trace(0, 512) == (Run(4096 * 512, 512),)


def test_nothing_is_reversed_where_nothing_is_wrong(disk: bytes) -> None:
    source, remarks = corrected(disk, [], encrypted=False)
    assert (source.flips, remarks) == ([], ())
    assert correct_file_system(CorrectedSource(MemorySource(disk)), 1 << 20) == ()
