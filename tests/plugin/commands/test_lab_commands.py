"""`simulate`, `evaluate` and `bench` as a researcher meets them."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from restore.lab.simulation.embed import find_thumbnail
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from restore.lab.speed.bench import benchmark, decrypt_sector_by_sector, markdown
from restore.lab.speed.timing import timing

RunCommand = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in (1, 2):
        (folder / f"p{seed}.jpg").write_bytes(coded_at(fractal_picture(192, 256, seed), 1.0))
    return folder


@pytest.mark.parametrize("iv_sector", ["le64", "be32"])
def test_a_simulated_medium_opens_as_evidence(
    command: RunCommand, tmp_path: Path, pictures: Path, iv_sector: str
) -> None:
    done = command(
        "simulate", pictures, "--ber", "2e-5", "--seed", "4", "--iv-sector", iv_sector, "--spare-headers",
        "--embed-thumbnails", "-o", tmp_path / "sim",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    truth = json.loads((tmp_path / "sim/p1.truth.json").read_text("utf-8"))
    assert truth["flips"]
    original = (tmp_path / "sim" / truth["original"]["path"]).read_bytes()
    assert hashlib.sha256(original).hexdigest() == truth["original"]["sha256"]
    assert truth["original"]["sha256_up_to_eoi"] == truth["original"]["sha256"]
    assert find_thumbnail(original) is not None
    key = truth["medium"]["key"]
    done = command(
        tmp_path / "sim/p1.dd", "--key", key, "--iv-sector", iv_sector, "--carve-only", "-o", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    (carved,) = (tmp_path / "out/carved").iterdir()
    assert carved.read_bytes() == (tmp_path / "sim/p1.jpg").read_bytes() != original
    assert len(list((tmp_path / "out/thumbnails").iterdir())) == 1


def test_simulation_repeats_and_does_not_depend_on_names_or_order(
    command: RunCommand, tmp_path: Path, pictures: Path
) -> None:
    other = tmp_path / "other.jpg"
    other.write_bytes((pictures / "p2.jpg").read_bytes())
    arguments = ("--ber", "1e-4", "--seed", "9", "--cipher", "none", "--quiet")
    assert command("simulate", pictures, *arguments, "-o", tmp_path / "a").returncode == 0
    assert command("simulate", other, pictures / "p1.jpg", *arguments, "-o", tmp_path / "b").returncode == 0
    assert (tmp_path / "a/p2.dd").read_bytes() == (tmp_path / "b/other.dd").read_bytes()
    assert (tmp_path / "a/p1.jpg").read_bytes() == (tmp_path / "b/p1.jpg").read_bytes()
    flips = json.loads((tmp_path / "a/p1.truth.json").read_text("utf-8"))["flips"]
    original, damaged = (pictures / "p1.jpg").read_bytes(), (tmp_path / "a/p1.dd").read_bytes()
    assert sum((a ^ b).bit_count() for a, b in zip(original, damaged, strict=False)) <= len(flips)
    assert len(damaged) % 512 == 0


def test_two_files_of_one_name_both_get_their_place(command: RunCommand, tmp_path: Path, pictures: Path) -> None:
    (pictures / "deeper").mkdir()
    (pictures / "deeper/P1.jpg").write_bytes((pictures / "p2.jpg").read_bytes())
    done = command("simulate", pictures, "--ber", "1e-5", "--seed", "1", "-o", tmp_path / "sim")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "sim").glob("*.dd"))) == 3


def test_usage_errors_of_simulate(command: RunCommand, tmp_path: Path, pictures: Path) -> None:
    base = ("simulate", pictures, "--seed", "1", "-o", tmp_path / "sim")
    assert command(*base, "--ber", "2").returncode == 2
    done = command(*base, "--ber", "1e-5", "--cipher", "rot13")
    assert (done.returncode, "rot13" in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 nothing")
    done = command(
        "simulate", tmp_path / "broken.jpg", "--ber", "1e-5", "--seed", "1", "--spare-headers", "-o", tmp_path / "x"
    )
    assert (done.returncode, "broken.jpg" in done.stderr) == (2, True)
    (tmp_path / "sim").mkdir()
    (tmp_path / "sim/there").touch()
    assert command(*base, "--ber", "1e-5").returncode == 5


def test_evaluate_writes_all_its_files_and_goes_on(command: RunCommand, tmp_path: Path, pictures: Path) -> None:
    arguments = ("evaluate", pictures, "--methods", "libjpeg,robust", "--seeds", "1", "-o", tmp_path / "out")
    done = command(*arguments, "--ber", "1e-4", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "robust" in done.stdout
    assert "…" not in done.stdout
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        *("table.md", "results.json", "results.csv", "claims.csv", "records.jsonl"),
        *(f"{stem}.{suffix}" for stem in ("psnr-against-ber", "distribution") for suffix in ("png", "svg")),
    }
    first = (tmp_path / "out/records.jsonl").read_text("utf-8")
    assert command(*arguments, "--ber", "1e-4,1e-5", "--jobs", "1", "--quiet").returncode == 0
    second = (tmp_path / "out/records.jsonl").read_text("utf-8")
    assert second.startswith(first)
    assert len(second.splitlines()) == 2 * len(first.splitlines()) == 8


def test_evaluate_refuses_unknown_methods(command: RunCommand, tmp_path: Path, pictures: Path) -> None:
    done = command("evaluate", pictures, "--methods", "magic", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "there is no method magic; there are libjpeg, robust" in done.stderr


def test_bench_compares_and_says_who_wins(pictures: Path) -> None:
    comparisons = list(benchmark([("p1.jpg", (pictures / "p1.jpg").read_bytes())], rounds=2))
    text = markdown(comparisons)
    assert len(comparisons) == 9
    assert text.count("we win") + text.count("we lose") == 8
    against_python = next(item for item in comparisons if item.other_name == "plain Python")
    assert against_python.ratio is not None
    assert against_python.ratio > 5
    assert "we win" in against_python.verdict


def test_the_obvious_loop_decrypts_like_dm_crypt() -> None:
    from carving.encryption.sectors import encrypt_sectors

    key, plain = bytes(range(16)), bytes(range(256)) * 8
    assert decrypt_sector_by_sector(encrypt_sectors(plain, key), key) == plain


def test_quartiles_by_hand() -> None:
    result = timing([4.0, 1.0, 3.0, 2.0, 5.0])
    assert (result.lower_quartile, result.median, result.upper_quartile) == (2.0, 3.0, 4.0)


def test_regions_are_destroyed_and_measured(command: RunCommand, tmp_path: Path) -> None:
    photo = tmp_path / "p1.jpg"
    photo.write_bytes(coded_at(fractal_picture(384, 512, 1), 1.0))
    done = command("simulate", photo, "--regions", "sectors,insert1", "--seed", "4", "-o", tmp_path / "sim")
    assert done.returncode == 0, done.stderr
    assert "5 destroyed stretches" in done.stderr
    assert "left out" not in done.stderr
    truth = json.loads((tmp_path / "sim/p1-insert1.truth.json").read_text("utf-8"))
    assert truth["medium"]["cipher"] == "none"
    (region,) = truth["damaged"]["regions"]
    original, damaged = photo.read_bytes(), (tmp_path / "sim/p1-insert1.jpg").read_bytes()
    place = region["damaged"]["offset"]
    assert damaged[:place] + damaged[place + 1 :] == original
    arguments = ("evaluate", tmp_path / "sim", "--methods", "libjpeg,robust", "--jobs", "1", "-o", tmp_path / "out")
    done = command(*arguments)
    assert done.returncode == 0, done.stderr
    assert {"insert1", "sectors", "all", "recall"} <= set(done.stdout.split())
    assert "…" not in done.stdout
    assert (tmp_path / "out/regions.png").is_file()
    assert "p1-insert1" in (tmp_path / "out/results.csv").read_text("utf-8")


def test_usage_errors_about_regions(command: RunCommand, tmp_path: Path, pictures: Path) -> None:
    base = ("simulate", pictures, "--seed", "1", "-o", tmp_path / "sim")
    assert "give one of them" in command(*base).stderr
    done = command(*base, "--regions", "hole")
    assert (done.returncode, "there is no kind of region 'hole'" in done.stderr) == (2, True)
    done = command(*base, "--regions", "zero64k")
    assert (done.returncode, "2 left out" in done.stderr) == (0, True)
