"""What becomes of each odd file of the media collection: most decode as libjpeg-turbo decodes them; the rest is named.

libjpeg is asked through Pillow, which gives no picture at all for some files.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import UnidentifiedImageError

from carving.errors import JpegError
from restore.decoding.robust import decode
from tests.restore.decoding.pictures import by_libjpeg

LONGEST: Final = 10.0
"""Seconds that any file may take."""

REFUSED: Final = {
    "arithmetic__codec-corpus__mozjpeg_testimgari": "arithmetic-coded sequential",
    "arithmetic__seed-corpora__ases_jpeg_full_images_id_005574": "arithmetic-coded progressive",
    "arithmetic__seed-corpora__bugs_decompress_8bit_testorig_transpose": "arithmetic-coded sequential",
    "arithmetic__seed-corpora__bugs_decompress_8bit_testorig_transverse": "arithmetic-coded progressive",
    "extended__codec-corpus__mozjpeg_testorig12": "12-bit samples",
    "extended__libjpeg-turbo__testimages_monkey12": "12-bit samples",
    "extended__seed-corpora__s_decompress_12bit_random12": "12-bit samples",
    "oddsamp__seed-corpora__decompress_12bit_random12": "12-bit samples",
    "gray__TwelveMonkeys__imageio_imageio-jpeg_src_test_resources_jpeg-lossless_8_ls": "lossless JPEG",
    "gray__TwelveMonkeys__imageio_imageio-jpeg_src_test_resources_jpeg-lossless_testimg_gray": "lossless JPEG",
    "gray__jpeg-decoder__tests_reftest_images_lossless_2_MR4": "lossless JPEG",
    "prec12__jpeg-decoder": "lossless JPEG",
    "prec12__seed-corpora": "lossless JPEG",
    "nosof__TwelveMonkeys": "no marker at byte 3920",
    "nosof__exiv2__test_data_issue_1833": "no marker at byte 20",
    "nosof__exiv2__test_data_issue_1847": "no marker at byte 212",
    "nosof__exiv2__test_data_issue_ghsa": "not a JPEG",
    "nosof__goexif__exif_corrupt": "segment 0xe4 at byte 61931 claims 65535 bytes",
    "nosof__goexif__exif_samples": "segment 0xe2 at byte 39910 claims 1368 bytes",
}
"""Files that hold no picture of a kind decoded here, and what the message must name."""

AS_LIBJPEG_WITH_EVENTS: Final = {
    "dri__Pillow__Tests_images_jpeg_ff00_header": "header damaged",
    "nosof__Pillow__Tests_images_junk_jpeg_header": "header damaged",
    "nosof__Pillow__Tests_images_truncated_app14": "header damaged",
}
"""Files with a flaw that costs no pixel, and the event that tells of it."""

NOT_AS_LIBJPEG: Final = {
    "badthumb__metadata-extractor-images__jpg_ImageTestSuite_c3018": (407, 325, "stream ended"),
    "cmyk__metadata-extractor-images__jpg_ImageTestSuite_1cbb1": (71, 194, "stream ended"),
    "corrupt__TwelveMonkeys__io-jpeg_src_test_resources_broken-jpeg": (612, 467, "restart marker lost"),
    "corrupt__jpeg-decoder__tests_crashtest_images_subtract": (340, 546, "refinement dropped"),
    "dri__metadata-extractor-images__jpg_ImageTestSuite_40bb7": (960, 1280, "resynchronised"),
    "extended__metadata-extractor-images__jpg_beach": (200, 200, None),
    "gray__Pillow__Tests_images_hopper_bad_exif": (500, 500, "bits left"),
    "jfif_thumb__TwelveMonkeys__imageio-jpeg_src_test_resources_jpeg_jfif-bogus": (714, 942, None),
    "jfif_thumb__metadata-extractor-images__jpg_ImageTestSuite_fd44d": (30, 177, "scan unreadable"),
    "oddsamp__seed-corpora__cases_jpeg_full_images_id_005315": (32, 32, "bits left"),
    "oddsamp__seed-corpora__fl-testcases_jpeg_full_images_id_005809": (32, 176, "stream ended"),
}
"""Files that libjpeg refuses or, as they are damaged, completes in another way: height, width, and an event to see."""


def kind_of(path: Path) -> str:
    """The prefix by which the tables above name a file; the empty string for one they do not name."""
    named = [prefix for prefix in (*REFUSED, *AS_LIBJPEG_WITH_EVENTS, *NOT_AS_LIBJPEG) if path.name.startswith(prefix)]
    assert len(named) <= 1
    return named[0] if named else ""


@pytest.fixture(scope="module")
def odd_files(shared_data: Path) -> list[Path]:
    files = sorted((shared_data / "odd").iterdir())
    assert len(files) > 100
    return files


def test_the_tables_name_each_file_once(odd_files: list[Path]) -> None:
    named = [kind_of(path) for path in odd_files]
    for prefix in (*REFUSED, *AS_LIBJPEG_WITH_EVENTS, *NOT_AS_LIBJPEG):
        assert named.count(prefix) == 1, prefix


def test_what_is_refused_is_refused_with_a_reason(odd_files: list[Path]) -> None:
    for path in odd_files:
        if kind_of(path) in REFUSED:
            with pytest.raises(JpegError, match=REFUSED[kind_of(path)]):
                decode(path.read_bytes())


def test_what_libjpeg_decodes_is_decoded_alike(odd_files: list[Path]) -> None:
    for path in odd_files:
        kind = kind_of(path)
        if kind and kind not in AS_LIBJPEG_WITH_EVENTS:
            continue
        data = path.read_bytes()
        begin = time.process_time()
        decoded = decode(data)
        assert np.array_equal(decoded.pixels, by_libjpeg(data)), path.name
        assert time.process_time() - begin < LONGEST, path.name
        noticed = {event.kind.value for event in decoded.events}
        assert noticed == ({AS_LIBJPEG_WITH_EVENTS[kind]} if kind else set()), path.name


def test_what_libjpeg_cannot_decode_becomes_a_picture(odd_files: list[Path]) -> None:
    for path in odd_files:
        if kind_of(path) not in NOT_AS_LIBJPEG:
            continue
        height, width, event = NOT_AS_LIBJPEG[kind_of(path)]
        data = path.read_bytes()
        begin = time.process_time()
        decoded = decode(data)
        assert decoded.pixels.shape == (height, width, 3), path.name
        assert time.process_time() - begin < LONGEST, path.name
        noticed = {event.kind.value for event in decoded.events}
        assert noticed == set() if event is None else event in noticed, path.name
        try:
            theirs = by_libjpeg(data)
        except (OSError, UnidentifiedImageError):
            continue
        assert not np.array_equal(decoded.pixels, theirs), path.name
