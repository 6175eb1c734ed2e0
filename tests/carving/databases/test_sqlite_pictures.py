"""Pictures in SQLite databases that SQLite wrote: byte for byte, through their own structures."""

from __future__ import annotations

from pathlib import Path

import pytest

from carving.carver.carver import carve
from carving.databases.sqlite_header import HEADER_SIZE, read_database_header
from carving.databases.sqlite_pages import ReadingBudget
from carving.databases.sqlite_pictures import StoredPicture, open_database, pictures_in
from carving.databases.sqlite_records import varint
from carving.fragments import Fragment
from carving.jpeg.results import Ending
from carving.source import Run
from tests.carving.databases.making import database
from tests.carving.memory import MemorySource, camera_jpeg, jpeg


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    return [jpeg(1), camera_jpeg(2), jpeg(3, 96, 64, quality=40), jpeg(4, 640, 200)]


def stored(data: bytes, start: int = 0) -> list[StoredPicture]:
    pages = open_database(MemorySource(data), start, ReadingBudget(1 << 40))
    return [] if pages is None else list(pictures_in(pages))


def carved(data: bytes) -> list[Fragment]:
    return list(carve(MemorySource(data)))


def bytes_of(data: bytes, found: StoredPicture) -> bytes:
    return b"".join(data[run.offset : run.end] for run in found.runs)


@pytest.mark.parametrize("reserved", [0, 12, 32])
@pytest.mark.parametrize("page_size", [512, 1024, 4096, 16384, 65536])
def test_every_page_size(tmp_path: Path, photos: list[bytes], page_size: int, reserved: int) -> None:
    data = database(tmp_path / "chat.db", photos, page_size=page_size, reserved=reserved)
    header = read_database_header(data[:HEADER_SIZE], len(data))
    assert header is not None
    assert (header.page_size, header.usable, header.size) == (page_size, page_size - reserved, len(data))
    found = stored(data)
    assert [bytes_of(data, one) for one in found] == photos
    assert [(one.table.name, one.row, one.column, one.flaw) for one in found] == [
        ("letters", row, 3, None) for row in (1, 3, 5, 7)
    ]


@pytest.mark.parametrize(
    "settings",
    [("PRAGMA auto_vacuum = FULL",), ("PRAGMA encoding = 'UTF-16le'",), ("PRAGMA encoding = 'UTF-16be'",)],
)
def test_other_ways_to_keep_a_database(tmp_path: Path, photos: list[bytes], settings: tuple[str, ...]) -> None:
    data = database(tmp_path / "chat.db", photos, settings=settings)
    found = stored(data)
    assert [bytes_of(data, one) for one in found] == photos
    assert {one.table.name for one in found} == {"letters"}


def test_a_table_without_row_numbers_and_a_picture_behind_long_text(tmp_path: Path, photos: list[bytes]) -> None:
    data = database(
        tmp_path / "chat.db",
        photos,
        schema="CREATE TABLE letters(id INTEGER PRIMARY KEY, who TEXT, more TEXT, pic BLOB) WITHOUT ROWID",
        insert="INSERT INTO letters(id, who, more, pic) SELECT ?1, ?2, replace(hex(zeroblob(5000)), '00', 'xy'), ?3",
    )
    found = stored(data)
    assert sorted(bytes_of(data, one) for one in found) == sorted(photos)  # inner pages come before those below them
    assert [(one.row, one.column) for one in found] == [(None, 4)] * 4


def test_rows_of_a_dropped_table_are_found_on_free_pages(tmp_path: Path, photos: list[bytes]) -> None:
    data = database(
        tmp_path / "chat.db",
        [photos[0]],
        then=(
            "CREATE TABLE notes(pic BLOB)",
            f"INSERT INTO notes VALUES(x'{photos[2][:900].hex()}')",
            "INSERT INTO notes SELECT zeroblob(3000)",
            "CREATE TABLE gone(a, pic BLOB)",
            *(f"INSERT INTO gone VALUES({number}, zeroblob(4000))" for number in range(20)),
            f"UPDATE gone SET pic = x'{photos[2].hex()}' WHERE a = 15",
            "DROP TABLE gone",
        ),
    )
    names = {one.table.name for one in stored(data) if bytes_of(data, one) == photos[2]}
    assert names <= {""}
    kept = [one for one in stored(data) if one.table.name]
    assert [bytes_of(data, one) for one in kept] == [photos[0], photos[2][:900]]


def test_the_carver_yields_each_picture_once_and_exactly(tmp_path: Path, photos: list[bytes]) -> None:
    data = database(tmp_path / "chat.db", photos)
    image = bytes(7 * 512) + photos[1] + bytes(-len(photos[1]) % 512) + data + photos[3]
    start = image.index(b"SQLite format 3\0")
    found = {fragment.offset: fragment for fragment in carved(image)}
    assert sorted(fragment.data for fragment in found.values()) == sorted([*photos, photos[1], photos[3]])
    held = [fragment for fragment in found.values() if fragment.claim is not None]
    assert len(held) == len(photos)
    for fragment in held:
        assert fragment.claim is not None
        assert fragment.chained
        assert f"begins at byte {start} of the evidence" in str(fragment.claim.place)
        assert b"".join(image[run.offset : run.end] for run in fragment.byte_runs) == fragment.data
        assert fragment.check is not None
        assert fragment.check.whole
        assert fragment.ending is Ending.EOI
    (first,) = (fragment for fragment in held if fragment.data == photos[0])
    assert len(first.byte_runs) > 3
    assert first.claim is not None
    assert first.claim.name == "letters row 1"


def test_what_follows_the_picture_in_its_column_is_kept_and_what_wraps_it_is_not(
    tmp_path: Path, photos: list[bytes]
) -> None:
    trailed, wrapped = photos[0] + b"trailer of a phone", b"\x0a\x05proto\x12\xd0\x0f" + photos[3] + b"more"
    data = database(tmp_path / "chat.db", [trailed, wrapped])
    found = carved(data)
    assert [fragment.data for fragment in found] == [trailed, photos[3]]
    assert any("wrapped in other bytes" in note for note in found[1].notes)


def test_damage_in_a_picture_does_not_keep_its_chain_from_being_followed(tmp_path: Path, photos: list[bytes]) -> None:
    data = bytearray(database(tmp_path / "chat.db", photos))
    (whole,) = (one for one in stored(bytes(data)) if one.row == 1)
    place = whole.runs[3].offset + 100
    data[place : place + 40] = bytes(40)
    (found,) = (fragment for fragment in carved(bytes(data)) if fragment.offset == whole.runs[0].offset)
    assert found.byte_runs == whole.runs
    assert found.check is not None
    assert not found.check.whole


def test_a_database_that_is_cut_off_gives_what_is_there(tmp_path: Path, photos: list[bytes]) -> None:
    data = database(tmp_path / "chat.db", photos, page_size=1024)
    behind = [one for one in stored(data) if one.runs[-1].offset > one.runs[0].offset + 4096]
    last = behind[-1]
    cut = data[: last.runs[-1].offset - 100]
    (found,) = (one for one in stored(cut) if one.row == last.row)
    assert found.flaw is not None
    assert "is not one of its" in found.flaw
    fragments = [fragment for fragment in carved(cut) if fragment.offset == last.runs[0].offset]
    assert len(fragments) == 1
    assert any("bytes were found in the database" in note for note in fragments[0].notes)


@pytest.mark.parametrize("pointer", ["itself", "zero", "outside", "another", "schema"])
def test_a_chain_that_lies_ends_with_a_word(tmp_path: Path, photos: list[bytes], pointer: str) -> None:
    data = bytearray(database(tmp_path / "chat.db", photos))
    first, second = stored(bytes(data))[:2]
    page = first.runs[2].offset // 4096 * 4096  # a run may hold the end of one page only: each page begins with 4 bytes
    lie = {
        "itself": page // 4096 + 1,
        "zero": 0,
        "outside": 0xFFFFFFFF,
        "another": second.runs[1].offset // 4096 + 1,
        "schema": 1,
    }[pointer]
    data[page : page + 4] = lie.to_bytes(4, "big")
    found = stored(bytes(data))
    assert len(found) == len(photos)
    if pointer != "another":
        assert found[0].flaw is not None
        assert found[0].flaw.startswith("its chain of overflow pages breaks off: page ")
        assert bytes_of(bytes(data), found[0]) == photos[0][: len(bytes_of(bytes(data), found[0]))]
    assert [bytes_of(bytes(data), one) for one in found[2:]] == photos[2:]
    assert carved(bytes(data))  # and the carver goes on


def test_trees_that_bite_their_tails_end(tmp_path: Path, photos: list[bytes]) -> None:
    data = bytearray(database(tmp_path / "chat.db", photos * 6))
    roots = [at for at in range(0, len(data), 4096) if data[at] == 0x05]
    assert roots
    for at in roots:
        data[at + 8 : at + 12] = (at // 4096 + 1).to_bytes(4, "big")
        cells = int.from_bytes(data[at + 3 : at + 5], "big")
        for number in range(cells):
            cell = at + int.from_bytes(data[at + 12 + 2 * number : at + 14 + 2 * number], "big")
            if number % 2 == 0:
                data[cell : cell + 4] = (at // 4096 + 1).to_bytes(4, "big")
    assert len(stored(bytes(data))) < 24


@pytest.mark.parametrize(
    ("place", "value"),
    [(16, b"\0\0"), (16, b"\x03\0"), (20, b"\xff" * 1), (21, b"\0"), (56, b"\0\0\0\x09"), (0, b"sqlite")],
)
def test_what_is_no_header_is_none(tmp_path: Path, photos: list[bytes], place: int, value: bytes) -> None:
    data = bytearray(database(tmp_path / "chat.db", [photos[2]], page_size=512))
    data[place : place + len(value)] = value
    assert stored(bytes(data)) == []
    assert [fragment.claim for fragment in carved(bytes(data))] == [None] * len(carved(bytes(data)))


def test_many_databases_in_one_another_are_read_within_a_budget(tmp_path: Path, photos: list[bytes]) -> None:
    data = bytearray(database(tmp_path / "chat.db", photos * 3))
    source = MemorySource(bytes(data))
    budget = ReadingBudget(20 * 4096)
    for _ in range(50):
        pages = open_database(source, 0, budget)
        assert pages is not None
        list(pictures_in(pages))
    assert source.bytes_read < 50 * HEADER_SIZE + 3 * 20 * 4096 + (64 << 10)


def test_a_page_count_beyond_the_source_is_not_believed(tmp_path: Path, photos: list[bytes]) -> None:
    data = bytearray(database(tmp_path / "chat.db", photos))
    data[28:32] = b"\xff\xff\xff\xfe"
    header = read_database_header(bytes(data[:HEADER_SIZE]), len(data))
    assert header is not None
    assert header.size == len(data)
    data[24:28] = b"\0\0\0\0"  # the count is not of this version: as many pages as there are bytes
    assert [bytes_of(bytes(data), one) for one in stored(bytes(data))] == photos


def test_variable_length_integers() -> None:
    assert varint(b"\x00", 0) == (0, 1)
    assert varint(b"\x81\x00", 0) == (128, 2)
    assert varint(b"\xff" * 9, 0) == (-1, 9)
    assert varint(b"\x80" * 8 + b"\x05", 0) == (5, 9)
    assert varint(b"\x81", 0) is None
    assert varint(b"\xff" * 8, 0) is None


def test_the_cases_of_the_collection(shared_data: Path) -> None:
    folder = shared_data / "cases" / "sqlite-overflow"
    (one,) = carved((folder / "one.db").read_bytes())
    assert one.data == (folder / "one-truth.jpg").read_bytes()
    chat = carved((folder / "chat.db").read_bytes())
    assert len(chat) == 5
    assert all(fragment.check is not None and fragment.check.whole for fragment in chat)
    assert Run(0, 1) not in {fragment.byte_runs[0] for fragment in chat}


@pytest.mark.parametrize("page_size", [512, 16384])
def test_a_deleted_row_comes_back_but_for_what_was_written_over_it(
    tmp_path: Path, photos: list[bytes], page_size: int
) -> None:
    delete = ("DELETE FROM letters WHERE id = 3",)
    data = database(tmp_path / "chat.db", photos, page_size=page_size, then=delete)
    found = carved(data)
    (deleted,) = (fragment for fragment in found if fragment.data not in photos)
    assert sorted(fragment.data for fragment in found if fragment is not deleted) == sorted([photos[0], *photos[2:]])
    assert deleted.claim is not None
    assert deleted.claim.name == "letters deleted row"
    assert any("its row was deleted" in note for note in deleted.notes)
    assert len(deleted.data) == len(photos[1])
    lost = {byte for run in deleted.known_bad for byte in range(run.offset, run.end)}
    assert 0 < len(lost) < 700
    assert {
        place for place, (one, other) in enumerate(zip(deleted.data, photos[1], strict=True)) if one != other
    } <= lost


@pytest.mark.parametrize("page_size", [512, 1024, 4096])
def test_what_moving_rows_leaves_behind_is_no_picture(tmp_path: Path, photos: list[bytes], page_size: int) -> None:
    data = database(
        tmp_path / "chat.db",
        photos * 5,
        page_size=page_size,
        insert="INSERT INTO letters VALUES((?1 * 7919) % 1009, ?2, ?3)",
    )
    found = carved(data)
    assert sorted(fragment.data for fragment in found) == sorted(photos * 5)
    assert not any("deleted" in note for fragment in found for note in fragment.notes)
