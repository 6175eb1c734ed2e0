"""Evidence for the Autopsy modules, and one run of all scenarios on it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from carving.encryption.sectors import encrypt_sectors
from plugin.autopsy.installing import find_command, install
from tests.plugin.autopsy.jvm import Outcome, compile_driver, run_scenarios

SHIFTED_AT = 65536
"""Where the second photo of the plain image begins; 40 bytes of it are gone."""


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory, volume: bytes, photos: tuple[bytes, ...], key: bytes) -> Path:
    """A folder whose name is not ASCII, with a damaged plain image, an encrypted E01 with one bit flipped, a key."""
    folder = tmp_path_factory.mktemp("Beweis Ümlaut")
    damaged = bytearray(volume)
    damaged[SHIFTED_AT + 3000 : SHIFTED_AT + 3040] = bytes(40)
    (folder / "plain.dd").write_bytes(damaged)
    stored = bytearray(encrypt_sectors(volume, key, first_sector=0))
    stored[4096 + 2000] ^= 0x10
    (folder / "media.dd").write_bytes(stored)
    acquire: list[str | Path] = [
        "ewfacquire",
        "-u",
        "-q",
        "-t",
        folder / "phone",
        "-S",
        "2199023255552",
        folder / "media.dd",
    ]
    subprocess.run(acquire, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    (folder / "altered.E01").write_bytes((folder / "phone.E01").read_bytes())
    with (folder / "altered.E01").open("r+b") as file:
        file.seek(60_000)
        (byte,) = file.read(1)
        file.seek(60_000)
        file.write(bytes([byte ^ 1]))
    (folder / "whole.jpg").write_bytes(photos[0])
    (folder / "damaged.jpg").write_bytes(photos[1][:3000] + bytes(40) + photos[1][3040:])
    (folder / "note.txt").write_text("no picture")
    (folder / "empty.jpg").touch()
    (folder / "master.key").write_text(key.hex())
    (folder / "wrong.key").write_text(key[::-1].hex())
    return folder


@pytest.fixture(scope="session")
def scenarios(evidence: Path) -> Mapping[str, Mapping[str, str]]:
    plain, phone = str(evidence / "plain.dd"), str(evidence / "phone.E01")
    encrypted = {"kind": "data source", "path": phone, "media": str(evidence / "media.dd")}
    return {
        "plain": {"kind": "data source", "path": plain, "set.jobs": "1"},
        "encrypted": encrypted | {"set.key_file": str(evidence / "master.key"), "set.effort": "1", "set.jobs": "1"},
        "wrong key": encrypted | {"set.key_file": str(evidence / "wrong.key")},
        "altered": encrypted | {"path": str(evidence / "altered.E01"), "set.carve_only": "true"},
        "cancelled": {"kind": "data source", "path": plain, "cancel when": "restoring: 1 of"},
        "logical files": {"kind": "data source"},
        "no such key": encrypted | {"set.key_file": str(evidence / "kein Schlüssel")},
        "key typed": encrypted | {"set.more": "--sector-size 512 --key=00ff"},
        "no such program": {"kind": "data source", "path": plain, "set.command": "/no/such/program"},
        "files": {
            "kind": "file",
            "paths": "|".join(str(evidence / name) for name in ("whole.jpg", "damaged.jpg", "note.txt", "empty.jpg")),
        },
        "panel": {"kind": "panel", "type key file": str(evidence / "master.key")},
    }


@pytest.fixture(scope="session")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, scenarios: Mapping[str, Mapping[str, str]]
) -> dict[str, Outcome]:
    """What the installed modules did, by scenario."""
    folder = tmp_path_factory.mktemp("autopsy")
    for name in ("classes", "python modules", "Fälle"):
        (folder / name).mkdir()
    compile_driver(folder / "classes")
    install(folder / "python modules", find_command())
    return run_scenarios(folder / "classes", folder / "python modules", folder / "Fälle", scenarios)
