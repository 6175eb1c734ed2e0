"""Fuzz one target with atheris: `python -m tests.fuzz.run TARGET FOLDER [options of libFuzzer]`.

FOLDER keeps the inputs that reach new code; the seeds are put into it first.

`make fuzz` runs all targets. A find is kept by putting the input into `tests/fuzz/finds/TARGET/`, where the tests run
it from then on.
"""

from __future__ import annotations

import hashlib
import sys
import warnings
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]


def kernel_modules() -> list[str]:
    """Modules that numba compiles: it cannot compile what atheris has put its counters into."""
    paths = [path for package in ("carving", "restore") for path in (ROOT / package).rglob("*.py")]
    kernels = [path for path in paths if "@kernel" in path.read_text("utf-8")]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in kernels]


with atheris.instrument_imports(include=["carving", "plugin", "restore"], exclude=kernel_modules()):
    from tests.fuzz.inputs import seeds
    from tests.fuzz.targets import TARGETS, survive


def main() -> None:
    """Fuzz the target that the command line names."""
    if len(sys.argv) < 3 or sys.argv[1] not in TARGETS:
        sys.exit(f"give one of {', '.join(TARGETS)}, and a folder")
    name, folder = sys.argv.pop(1), Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for data in seeds(name):
        (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)
    warnings.simplefilter("error")  # as in the tests
    atheris.Setup(sys.argv, lambda data: survive(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
