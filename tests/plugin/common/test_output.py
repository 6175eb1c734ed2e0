"""The output folder: vacant before, whole files after."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

from carving.errors import OutputError
from plugin.common.output import create, output_error, require_vacant, write_file


def test_absent_and_empty_folders_are_vacant(tmp_path: Path) -> None:
    require_vacant(tmp_path)
    require_vacant(tmp_path / "none" / "below")


def test_folder_with_anything_in_it_is_not(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    with pytest.raises(OutputError, match="not empty"):
        require_vacant(tmp_path)


def test_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(OutputError, match="not a folder"):
        require_vacant(path)


def test_folder_below_a_file_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        create(tmp_path / "file" / "below")


def test_written_file_is_described_by_its_hash(tmp_path: Path) -> None:
    written = write_file(tmp_path, "carved/0000000001.jpg", b"abc", "three letters")
    assert (tmp_path / written.path).read_bytes() == b"abc"
    assert (written.sha256, written.size) == (hashlib.sha256(b"abc").hexdigest(), 3)
    assert [path.name for path in (tmp_path / "carved").iterdir()] == ["0000000001.jpg"]


def test_failed_write_leaves_no_part(tmp_path: Path) -> None:
    (tmp_path / "carved" / "x.jpg").mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot write"):
        write_file(tmp_path, "carved/x.jpg", b"abc", "")
    assert [path.name for path in (tmp_path / "carved").iterdir()] == ["x.jpg"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_said_so(number: int) -> None:
    error = output_error(Path("out/x"), OSError(number, "no room"))
    assert "disk is full" in str(error)
    assert error.exit_code == 5
