"""What flips found in some files say of those in which none was."""

from __future__ import annotations

from plugin.common.output import OutputFile
from plugin.common.report_model import FileEntry
from plugin.examination.unseen_flips import unseen_flip_remarks
from restore.provenance import BitFlip, Status
from tests.plugin.report.made import SHA256, entry

FLIPS = tuple(BitFlip(offset, 3, 90.0, 40.0, 0.9999) for offset in range(17))


def photo(status: Status, flips: tuple[BitFlip, ...] = (), probability: float | None = 0.997) -> FileEntry:
    carved = OutputFile("carved/1.jpg", SHA256, 2_000_000, "as found")
    return entry(status=status, bit_flips=flips, carved=carved, exact_probability=probability)


def test_files_without_a_flip_are_judged_by_the_rate_of_the_others() -> None:
    entries = [photo(Status.EXACT, FLIPS), photo(Status.REPAIRED, FLIPS), *[photo(Status.INTACT)] * 6]
    (remark,) = unseen_flip_remarks(entries)
    assert remark.startswith("34 flipped bits were found in 16000000 bytes of files")
    assert "about one in 3764706 bits" in remark
    assert "of the 6 files called intact" in remark
    assert "about 0.18 of" in remark  # 25.5 flips to be expected in them, of which 0.7 % show nowhere


def test_nothing_is_said_without_a_reason() -> None:
    assert unseen_flip_remarks([photo(Status.INTACT)] * 9) == ()
    assert unseen_flip_remarks([photo(Status.EXACT, FLIPS)]) == ()
    assert unseen_flip_remarks([photo(Status.EXACT, FLIPS[:1]), *[photo(Status.INTACT)] * 3]) == ()
    assert unseen_flip_remarks([photo(Status.REPAIRED, FLIPS, None), photo(Status.INTACT, (), None)]) == ()
