"""The whole stack in one run: a raw NAND dump of an encrypted volume with a photo, with errors beyond the code.

NAND → decryption → carving → reversal; every reversed flip names its byte and bit of the dump.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from carving.encryption.sectors import encrypt_sectors
from carving.source import Run
from plugin.common.settings import Parameters
from plugin.examination.pipeline import run
from plugin.report.validation import validate
from restore.lab.simulation.embed import embed_thumbnail, make_thumbnail
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from tests.carving.media.nand.encoder import CHIPS, dump, flip
from tests.plugin.conftest import RunCommand

PHOTO_AT = 4096


@pytest.fixture(scope="module")
def photo() -> bytes:
    """640×480, 4:2:0, 1 bit per pixel, with a thumbnail."""
    picture = coded_at(fractal_picture(480, 640, seed=1), 1.0)
    return embed_thumbnail(picture, make_thumbnail(picture))


def damaged_dump(
    photo: bytes, key: bytes, preset: str, seed: int, more: int = 1
) -> tuple[bytes, set[tuple[int, int]], int]:
    """A dump with up to as many flips as the code corrects in most sectors, and `more` than that in one of the photo's.

    Returns the dump, the flips beyond the code, and the data sector they are in.
    """
    chip = CHIPS[preset]
    volume = bytearray(PHOTO_AT + len(photo) + 8192)
    volume += bytes(-len(volume) % 512)
    volume[PHOTO_AT : PHOTO_AT + len(photo)] = photo
    raw = dump(chip, encrypt_sectors(bytes(volume), key, first_sector=0))
    generator = random.Random(seed)
    per_page = chip.data // chip.sector
    beyond = (PHOTO_AT + len(photo) // 3) // chip.sector
    for number in range(len(volume) // chip.sector):
        if number != beyond:
            bits = generator.sample(range(8 * chip.sector), generator.randrange(chip.strength + 1))
            flip(raw, chip, *divmod(number, per_page), bits)
    planted = flip(raw, chip, *divmod(beyond, per_page), generator.sample(range(8 * chip.sector), chip.strength + more))
    return bytes(raw), set(planted), beyond


@pytest.mark.parametrize(("preset", "seed"), [("linux-bch4-2048", 1), ("omap-bch8-2048", 5), ("linux-hamming-2048", 2)])
def test_flips_beyond_the_code_are_reversed_and_named(
    tmp_path: Path, photo: bytes, key: bytes, preset: str, seed: int
) -> None:
    raw, planted, beyond = damaged_dump(photo, key, preset, seed)
    (tmp_path / "chip.bin").write_bytes(raw)
    report = run(tmp_path / "chip.bin", tmp_path / "out", key=key, parameters=Parameters(nand=preset), jobs=1)
    (found,) = report.files
    assert {(reversal.evidence_offset, reversal.bit) for reversal in found.bit_flips} == planted
    assert found.status in ("exact", "repaired")
    assert found.repaired is not None
    assert (tmp_path / "out" / found.repaired.path).read_bytes() == photo
    assert report.nand is not None
    chip = CHIPS[preset]
    assert report.nand.code_words.uncorrectable == 1
    assert report.nand.code_words.unread == 0
    (run_of_data,) = report.nand.uncorrectable_runs
    page, sector = divmod(beyond, chip.data // chip.sector)
    assert run_of_data.offset == page * (chip.data + chip.spare) + sector * chip.sector
    assert run_of_data.length == chip.sector
    (bad,) = report.evidence.known_bad
    assert (bad.kind, bad.bytes, bad.runs) == ("uncorrectable code word", chip.sector, (run_of_data,))
    start = beyond * chip.sector // 512 * 512  # dm-crypt makes a whole sector of it
    assert found.known_bad == (Run(start - PHOTO_AT, 512),)
    assert {entry.state for entry in report.nand.ecc_map} >= {"good", "corrected", "uncorrectable"}
    assert report.exit_code == 0


def test_with_two_errors_too_many_no_wrong_flip_is_claimed(tmp_path: Path, photo: bytes, key: bytes) -> None:
    """Here the code names only wrong combinations, and the picture must refute them."""
    raw, planted, _ = damaged_dump(photo, key, "linux-bch4-2048", seed=24, more=2)
    (tmp_path / "chip.bin").write_bytes(raw)
    parameters = Parameters(nand="linux-bch4-2048")
    report = run(tmp_path / "chip.bin", tmp_path / "out", key=key, parameters=parameters, jobs=1)
    (found,) = report.files
    assert {(reversal.evidence_offset, reversal.bit) for reversal in found.bit_flips} <= planted
    assert found.error is None


def test_the_command_line_reads_a_dump(
    tmp_path: Path, volume: bytes, photos: tuple[bytes, ...], command: RunCommand
) -> None:
    chip = CHIPS["mx30lf2g18ac-gpmi"]
    raw = dump(chip, volume)
    flip(raw, chip, 2, 1, [1, 2, 3, 4, 5, 6, 7, 9])
    (tmp_path / "chip.bin").write_bytes(raw)
    proposed = command("nand-info", tmp_path / "chip.bin")
    assert proposed.returncode == 0, proposed.stderr
    assert "# the same as --nand mx30lf2g18ac-gpmi" in proposed.stdout
    (tmp_path / "chip.toml").write_text(proposed.stdout)
    done = command(
        tmp_path / "chip.bin", "--nand", tmp_path / "chip.toml", "--carve-only", "--quiet", "-o", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out" / "report.json").read_bytes()
    validate(text)
    report = json.loads(text)
    assert [(tmp_path / "out" / entry["carved"]["path"]).read_bytes() for entry in report["files"]] == list(photos)
    for entry, photo in zip(report["files"], photos, strict=True):
        found = b"".join(raw[part["offset"] : part["offset"] + part["length"]] for part in entry["evidence_runs"])
        assert len(found) == len(photo)
    assert report["nand"]["code_words"]["corrected_bits"] == 8
    assert report["scan"]["location"].startswith("raw > NAND ")


def test_a_layout_of_another_dump_is_a_failure(tmp_path: Path, volume: bytes, command: RunCommand) -> None:
    (tmp_path / "chip.bin").write_bytes(dump(CHIPS["linux-bch4-2048"], volume))
    options = ("--nand", "omap-bch8-2048", "--carve-only", "--quiet", "-o", tmp_path / "out")
    done = command(tmp_path / "chip.bin", *options)
    assert done.returncode == 1
    assert "fits the error correction of the NAND layout omap-bch8-2048" in done.stderr


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--nand", "nonsense"), "there is no NAND preset nonsense"),
        (("--nand", "missing.toml"), "missing.toml cannot be read"),
        (("--xor-key", "key.bin"), "nothing without a NAND layout"),
    ],
)
def test_wrong_settings_are_refused(
    plain_image: Path, tmp_path: Path, command: RunCommand, options: tuple[str, ...], complaint: str
) -> None:
    done = command(plain_image, *options, "--quiet", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
