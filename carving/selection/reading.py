"""Read a list of files, whatever tool wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from carving.errors import UsageError
from carving.selection.dfxml import read_dfxml
from carving.selection.lines import read_body_file, read_feature_file
from carving.selection.listed import ListedFile

_HEAD: Final = 4096
_BARS: Final = 10


def read_list(path: Path) -> Iterator[ListedFile]:
    """The files that a list names: DFXML, PhotoRec's report.xml, a body file, or bulk_extractor's jpeg_carved.txt.

    Raises:
        UsageError: it cannot be read, or is none of these.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise UsageError(f"the list {path} cannot be read: {error.strerror or type(error).__name__}") from error
    lines = [line for line in head.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]
    if lines and lines[0].lstrip().startswith(b"<"):
        return read_dfxml(path)
    told = [line for line in lines if not line.startswith(b"#")]
    if told and told[0].count(b"|") >= _BARS:
        return read_body_file(path)
    if told and b"\t" in told[0]:
        return read_feature_file(path)
    raise UsageError(
        f"{path} is no list this tool reads: give DFXML, PhotoRec's report.xml, a body file of The Sleuth Kit, "
        "or bulk_extractor's jpeg_carved.txt"
    )
