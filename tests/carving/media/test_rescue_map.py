"""Maps that the real GNU ddrescue keeps, and maps that lie."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from carving.errors import RescueMapError, UsageError
from carving.evidence import open_evidence
from carving.media.rescue_map import STATUSES, maps_beside, read_rescue_map
from carving.source import Run

Tool = Callable[..., str]
SIZE = 1 << 20
BAD = ((100 * 512, 512), (700 * 512, 5 * 512))
"""Sectors that ddrescue is made to fail on."""

HEAD = "# Mapfile. Created by GNU ddrescue version 1.27\n0x00000000     +               1\n"


@pytest.fixture
def device(tmp_path: Path) -> Path:
    path = tmp_path / "device.raw"
    path.write_bytes(random.Random(3).randbytes(SIZE))
    return path


@pytest.fixture
def errors(tmp_path: Path) -> Path:
    """What ddrescue's test mode takes for the device's bad sectors: all but `BAD` can be read."""
    lines = [HEAD]
    position = 0
    for start, length in BAD:
        lines += [f"{position} {start - position} +\n", f"{start} {length} -\n"]
        position = start + length
    path = tmp_path / "errors"
    path.write_text("".join([*lines, f"{position} {SIZE - position} +\n"]))
    return path


def test_every_way_to_fail_is_told_from_what_was_read(tmp_path: Path, tool: Tool, device: Path, errors: Path) -> None:
    image, kept = tmp_path / "card.dd", tmp_path / "card.map"
    tool("ddrescue", "-q", f"--test-mode={errors}", "-s", str(SIZE - 4096), str(device), str(image), str(kept))
    image.write_bytes(image.read_bytes().ljust(SIZE, b"\0"))
    with_map = read_rescue_map(kept, SIZE)
    assert {name: found.first(9) for name, found in with_map.unread.items()} == {
        "bad sector": tuple(Run(*bad) for bad in BAD),
        "non-tried": (Run(SIZE - 4096, 4096),),
    }
    source = open_evidence(image, rescue_map=kept)
    assert source.bad_runs(0, SIZE) == (*(Run(*bad) for bad in BAD), Run(SIZE - 4096, 4096))
    assert source.bad_runs(700 * 512 + 100, 1000) == (Run(700 * 512 + 100, 1000),)
    assert source.bad_runs(0, 100 * 512) == ()
    assert all(source.read_at(start, length) == bytes(length) for start, length in BAD)


def test_first_pass_alone_leaves_what_is_not_trimmed_or_scraped(
    tmp_path: Path, tool: Tool, device: Path, errors: Path
) -> None:
    for option, status in (("--no-trim", "non-trimmed"), ("--no-scrape", "non-scraped")):
        kept = tmp_path / f"{status}.map"
        tool("ddrescue", "-q", option, f"--test-mode={errors}", str(device), str(tmp_path / status), str(kept))
        found = read_rescue_map(kept, SIZE).unread
        assert status in found
        for sign, name in STATUSES.items():  # what ddrescue's own reader makes of the same map
            listed = tool("ddrescuelog", f"--list-blocks={sign}", str(kept)).split()
            runs = found[name].first(9999) if name in found else ()
            assert {512 * int(block) for block in listed} == {
                start for run in runs for start in range(run.offset, run.end, 512)
            }


def test_numbers_as_c_writes_them_and_the_line_of_older_versions(tmp_path: Path) -> None:
    path = tmp_path / "old.log"
    path.write_text(
        "# Rescue Logfile. Created by GNU ddrescue version 1.14\n512 ?\n0 512 +\n01000 0x200 /  # a remark\n"
    )
    found = read_rescue_map(path, 1024)
    assert {name: kind.first(2) for name, kind in found.unread.items()} == {"non-scraped": (Run(512, 512),)}
    assert found.remarks == ()


def test_what_the_map_is_silent_on_was_not_tried(tmp_path: Path) -> None:
    path = tmp_path / "gaps.map"
    path.write_text(f"{HEAD}0 512 +\n1024 512 +\n")
    found = read_rescue_map(path, 4096)
    assert found.unread["non-tried"].first(9) == (Run(512, 512), Run(1536, 2560))
    assert "silent on 3072 bytes" in found.remarks[0]


def test_a_map_of_more_than_there_is_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "longer.map"
    path.write_text(f"{HEAD}0 512 +\n512 0x7fffffffffff0000 -\n")
    found = read_rescue_map(path, 4096)
    assert found.unread["bad sector"].first(9) == (Run(512, 3584),)
    assert "the evidence has 4096" in found.remarks[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no map file"),
        ("# only a remark\n", "no map file"),
        ("\x89PNG\r\n\x1a\n", "no map file"),
        ("0 512 +\n512 512 -\n", "no map file"),
        (f"{HEAD}", "describes not one byte"),
        (f"{HEAD}0 1024 +\n512 512 -\n", "line 4 of the map .* overlaps"),
        (f"{HEAD}0 512 +\n0 512 -\n", "overlaps"),
        (f"{HEAD}-512 512 -\n", "line 3 .* position or size that no image has"),
        (f"{HEAD}0 -512 -\n", "position or size"),
        (f"{HEAD}0 0 -\n", "position or size"),
        (f"{HEAD}0 0xffffffffffffffff -\n", "position or size"),
        (f"{HEAD}1_0 512 -\n", "position or size"),
        (f"{HEAD}09 512 -\n", "position or size"),
        (f"{HEAD}0 512 !\n", r"one of \? \* / - \+"),
        (f"{HEAD}0 512 - 3\n", r"one of \? \* / - \+"),
        (f"{HEAD}{'0' * 5000}\n", "no line of a ddrescue map"),
    ],
)
def test_what_is_no_map_or_contradicts_itself_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "lying.map"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(RescueMapError, match=said):
        read_rescue_map(path, 4096)


def test_a_long_comment_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "long.map"
    path.write_text(f"# Command line: {'x' * 5000}\n{HEAD}0 4096 -\n")
    assert read_rescue_map(path, 4096).unread["bad sector"].total == 4096
    path.write_text(f"# Command line: {'x' * 1007}\n{HEAD}0 4096 -\n")
    assert read_rescue_map(path, 4096).unread["bad sector"].total == 4096


def test_a_map_that_is_not_there_and_a_map_of_a_folder(tmp_path: Path, device: Path) -> None:
    with pytest.raises(RescueMapError, match=r"none\.map cannot be read"):
        open_evidence(device, rescue_map=tmp_path / "none.map")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(UsageError, match="means nothing there"):
        open_evidence(tmp_path / "photos", rescue_map=tmp_path / "none.map")


def test_maps_beside_an_image_are_known_by_their_first_line(tmp_path: Path) -> None:
    (tmp_path / "card.map").write_text(HEAD)
    (tmp_path / "card.dd.log").write_text("# Rescue Logfile. Created by GNU ddrescue version 1.14\n")
    (tmp_path / "card.dd.map").write_text("[Map]\n")
    assert maps_beside(tmp_path / "card.dd") == (tmp_path / "card.dd.log", tmp_path / "card.map")
