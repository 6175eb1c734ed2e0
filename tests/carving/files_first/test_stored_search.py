"""File systems first, then carving: the better decode wins, no picture comes twice, and the reason is said."""

from __future__ import annotations

from carving.file_systems.stored_files.content import Content
from carving.fragments import Origin
from carving.source import HOLE_OFFSET, Run
from tests.carving.file_systems.stored_files.searching import a_file, search
from tests.carving.memory import MemorySource, camera_jpeg

PHOTO, OTHER = camera_jpeg(1), camera_jpeg(2)
CUT = 40960
HEAD, TAIL = PHOTO[:CUT], PHOTO[CUT:]


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4096)


TEXT = b"words and nothing else, again and again. " * 1000
IMAGE = bytes(8192) + HEAD + TEXT[:36864] + padded(TAIL) + padded(OTHER) + bytes(65536)
"""A photo in two pieces with text between, and another behind it."""
SECOND = 8192 + CUT + 36864
BEHIND = SECOND + len(padded(TAIL))
RUNS = (Run(8192, CUT), Run(SECOND, len(TAIL)))


def test_a_file_explains_its_bytes() -> None:
    found = search(MemorySource(IMAGE), a_file("/a.jpg", Content(RUNS, begins_as_jpeg=True)))
    assert found.data() == [PHOTO, OTHER]
    one, two = found.fragments
    assert (one.origin, one.byte_runs, one.record is not None) == (Origin.FILE_SYSTEM, RUNS, True)
    assert (two.origin, two.offset, two.record) == (Origin.CARVED, BEHIND, None)


def test_wrong_runs_lose_against_carving() -> None:
    contiguous = bytes(8192) + padded(PHOTO) + TEXT[:36864] + padded(OTHER)
    wrong = Content((Run(8192, CUT), Run(8192 + len(padded(PHOTO)), len(TAIL))), begins_as_jpeg=True)
    found = search(MemorySource(contiguous), a_file("/a.jpg", wrong))
    assert found.data() == [PHOTO, OTHER]
    taken = found.fragments[0]
    assert taken.origin is Origin.CARVED
    assert taken.record is not None
    assert taken.record.path == "/a.jpg"
    assert "taken as carved: through its runs" in taken.notes[0]


def test_right_runs_win_where_the_photo_is_damaged() -> None:
    damaged = bytearray(IMAGE)
    damaged[SECOND + 20000 : SECOND + 20016] = b"\xff" * 16
    found = search(MemorySource(bytes(damaged)), a_file("/a.jpg", Content(RUNS, begins_as_jpeg=True)))
    assert found.fragments[0].byte_runs == RUNS
    assert found.fragments[0].origin is Origin.FILE_SYSTEM
    assert OTHER in found.data()


def test_a_file_that_is_cut_off_is_compared_with_what_is_carved() -> None:
    short = Content(RUNS[:1], begins_as_jpeg=True)
    (other, taken) = search(MemorySource(IMAGE), a_file("/short.jpg", short)).fragments
    assert taken.data == PHOTO  # joined by the carver
    assert taken.record is not None
    assert "taken as carved" in taken.notes[0]
    assert other.data == OTHER


def test_a_damaged_beginning_of_a_file_that_is_called_a_jpeg() -> None:
    damaged = bytearray(IMAGE)
    damaged[8192:8208] = bytes(range(100, 116))
    found = search(MemorySource(bytes(damaged)), a_file("/a.jpg", Content(RUNS)))
    assert found.fragments[0].byte_runs == RUNS


def test_a_name_alone_makes_no_photo() -> None:
    text = a_file("/text.jpg", Content((Run(8192 + CUT, 30000),)))
    found = search(MemorySource(IMAGE), text)
    assert "no JPEG" in found.left_out["/text.jpg"]
    assert sorted(found.data()) == sorted([PHOTO, OTHER])


def test_holes_are_zeros_and_stand_in_the_runs() -> None:
    blank = bytes(4096)
    photo = OTHER[:2] + b"\xff\xfe\x20\x00" + bytes(0x2000 - 2) + OTHER[2:]  # a comment of zeros
    image = bytes(4096) + photo[:4096] + TEXT[:4096] + padded(photo[8192:])
    runs = (Run(4096, 4096), Run(HOLE_OFFSET, 4096), Run(12288, len(photo) - 8192))
    assert photo[4096:8192] == blank
    (found,) = search(MemorySource(image), a_file("/sparse.jpg", Content(runs, begins_as_jpeg=True))).fragments
    assert found.data == photo
    assert found.byte_runs == runs
    assert found.evidence_runs == (runs[0], runs[2])


def test_pictures_inside_a_file_in_pieces() -> None:
    inside = b"SQLite format 3\0".ljust(512, b"\0") + PHOTO + bytes(1000)
    cut = 20480
    image = bytes(4096) + inside[:cut] + TEXT[:8192] + padded(inside[cut:])
    runs = (Run(4096, cut), Run(4096 + cut + 8192, len(inside) - cut))
    found = search(MemorySource(image), a_file("/thumbs.db", Content(runs)))
    assert found.data() == [PHOTO]
    assert found.fragments[0].record is None
    assert any("/thumbs.db" in note for note in found.fragments[0].notes)


def test_a_picture_behind_the_first_in_its_file() -> None:
    both = PHOTO + b"more" * 16 + OTHER
    found = search(MemorySource(bytes(4096) + padded(both)), a_file("/mpo.jpg", Content((Run(4096, len(both)),), True)))
    assert found.data() == [both, OTHER]
    assert found.fragments[1].offset == 4096 + len(PHOTO) + 64


def test_a_deleted_file_only_counts_where_it_decodes_or_is_better() -> None:
    whole = a_file("/gone.jpg", Content(RUNS, begins_as_jpeg=True), deleted=True)
    guess = a_file("/guess.jpg", Content((Run(8192, len(PHOTO)),), begins_as_jpeg=True), deleted=True, inode=8)
    found = search(MemorySource(IMAGE), guess, whole)
    assert found.data() == [PHOTO, OTHER]
    assert found.by_path().keys() == {"/gone.jpg"}
    alone = search(MemorySource(IMAGE), guess)
    assert alone.data() == [OTHER, PHOTO]  # joined by the carver, and called by the name of the entry
    assert alone.fragments[1].origin is Origin.CARVED
    assert alone.by_path().keys() == {"/guess.jpg"}


def test_what_file_systems_claim_is_bounded() -> None:
    source = MemorySource(IMAGE)
    huge = tuple(Run(8192, CUT) for _ in range(1 << 10))
    files = [a_file(f"/{n}.jpg", Content((Run(8192 + 512 * n, 512), *huge), True)) for n in range(40)]
    found = search(source, *files)
    assert OTHER in found.data()
    assert any("more bytes than" in reason for reason in found.left_out.values())
    assert source.bytes_read < 20 * len(IMAGE)
