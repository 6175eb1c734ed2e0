"""The carver without what surrounds it in a run, as its peers work: no hashing of the evidence, no log, no report.

python -m tests.bench.carver_alone bench.img FOLDER
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from carving.carver.carver import carve
from carving.evidence import open_media
from carving.support.cores import available_cores


def main() -> None:
    """Write every file found into the folder, named by its offset."""
    image, folder = map(Path, sys.argv[1:])
    with closing(open_media(image)) as source:
        for fragment in carve(source, threads=available_cores()):
            (folder / f"{fragment.offset:010d}.jpg").write_bytes(fragment.data)


if __name__ == "__main__":
    main()
