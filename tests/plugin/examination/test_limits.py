"""Memory stays bounded however large the evidence is, and evidence that goes away during a run is missed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import plugin
from plugin.common.progress import Stage
from plugin.common.settings import Parameters

ROOT = Path(__file__).resolve().parents[3]


MEASURE = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "plugin", *sys.argv[1:]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_memory(*arguments: str | Path) -> int:
    """Largest resident size of a run of the command, in bytes.

    A small process measures it: a child counts what its parent held when it was started, and these tests hold a lot.
    """
    command = [sys.executable, "-c", MEASURE, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return int(subprocess.run(command, env=environment, check=True, capture_output=True).stdout.split()[-1]) * 1024


def test_memory_does_not_grow_with_the_evidence(tmp_path: Path, volume: bytes) -> None:
    sizes = (8 << 20, 1 << 30)
    peaks = []
    for size in sizes:
        image = tmp_path / f"{size}.dd"
        with image.open("wb") as file:
            for place in (0, size // 2, size - len(volume)):
                file.seek(place)
                file.write(volume)
        peaks.append(peak_memory(image, "--carve-only", "--quiet", "-o", tmp_path / f"out-{size}"))
    assert peaks[1] < peaks[0] + (160 << 20)
    assert peaks[1] < 768 << 20


class Remover:
    """Removes a file as soon as a stage has begun."""

    def __init__(self, path: Path, stage: Stage) -> None:
        self.path, self.stage = path, stage

    def update(self, stage: Stage, done: int, total: int) -> None:
        if stage is self.stage and done < total:
            self.path.unlink(missing_ok=True)


@pytest.mark.parametrize("stage", [Stage.HASH, Stage.RECHECK])
def test_segment_that_vanishes_is_missed(tmp_path: Path, volume: bytes, stage: Stage) -> None:
    for number in range(4):
        (tmp_path / f"card.{number + 1:03d}").write_bytes(volume[number << 15 : (number + 1) << 15])
    last = tmp_path / "card.004"
    parameters = Parameters(carve_only=True)
    report = plugin.run(tmp_path / "card.001", tmp_path / "out", parameters=parameters, progress=Remover(last, stage))
    assert report.exit_code == 3
    assert report.failures[-1].stage == "recheck"
    assert "card.004" in report.failures[-1].message
    assert report.evidence.unchanged is None
    assert len(report.files) == 2
