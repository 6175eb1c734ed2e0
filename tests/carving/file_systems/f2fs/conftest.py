"""Images that several tests read."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.carving.file_systems.f2fs.images import FULL_FEATURES, Tool, make_image

WHEN = 1_700_000_000


@pytest.fixture(scope="session")
def phone_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nested folders, a tiny file, one of many blocks, many names, a link, a name that is no UTF-8, an empty file."""
    chance = random.Random(22)
    folder = tmp_path_factory.mktemp("f2fs") / "phone"
    (folder / "DCIM" / "100MEDIA" / "deep").mkdir(parents=True)
    (folder / "many").mkdir()
    (folder / "DCIM" / "tiny é.txt").write_bytes(b"tiny\n")
    (folder / "DCIM" / "100MEDIA" / "photo.jpg").write_bytes(chance.randbytes(70_001))
    (folder / "DCIM" / "100MEDIA" / "deep" / "large").write_bytes(chance.randbytes(4_500_000))
    (folder / "empty").touch()
    (folder / "link").symlink_to("DCIM/tiny é.txt")
    for number in range(400):
        (folder / "many" / f"a name that takes several slots, number {number}").write_bytes(b"%d" % number)
    (folder / "many" / os.fsdecode(b"\xff\xfe")).write_bytes(b"odd")
    for path in folder.rglob("*"):
        os.utime(path, (WHEN, WHEN), follow_symlinks=False)
    return folder


@pytest.fixture(scope="session", params=["", FULL_FEATURES], ids=["plain", "all features"])
def phone(
    request: pytest.FixtureRequest, tool: Tool, phone_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """That folder as a file system, without and with the features that change the layout."""
    return make_image(tool, tmp_path_factory.mktemp("f2fs") / "phone.img", phone_folder, features=request.param)


@pytest.fixture(scope="session")
def checked(tool: Tool, phone_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The one with all features alone, for damage."""
    return make_image(tool, tmp_path_factory.mktemp("f2fs") / "checked.img", phone_folder, features=FULL_FEATURES)
