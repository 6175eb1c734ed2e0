"""The first run: kernels compile at once and are found again by the second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from restore.warming import STEPS, is_cold, warm_up

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import json, sys
import restore
heavy = sorted({"torch", "numba", "PIL"} & set(sys.modules))
from restore.warming import is_cold
cold = is_cold()
if not cold:
    restore.warm_up(lambda name, number, count: None)
print(json.dumps([heavy, cold, is_cold()]))
"""


def look(environment: dict[str, str]) -> list[object]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    found: list[object] = json.loads(done.stdout)
    return found


def test_another_process_finds_what_this_one_compiled(tmp_path: Path) -> None:
    assert look(os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}) == [[], True, True]
    warm_up(lambda *_: None)
    assert look(dict(os.environ)) == [[], False, False]


def test_progress_names_each_step() -> None:
    heard: list[tuple[str, int, int]] = []
    warm_up(lambda name, number, count: heard.append((name, number, count)))
    steps = [(name, number, len(STEPS)) for number, name in enumerate((*STEPS, "ready"))]
    assert heard == steps
    assert not is_cold()
