"""What transfers do to a JPEG is recognised by its bytes and undone; each is done here by what does it in practice."""

from __future__ import annotations

import base64
import binascii
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from carving.jpeg.markers import read_header
from carving.transfers.counting import begins_as_transferred, recognise
from carving.transfers.returns import find_returns
from carving.transfers.text import from_base64
from carving.transfers.transfer import TransferKind
from carving.transfers.undoing import undo_all, undo_transfers
from restore.lab.simulation.made_pictures import coded_at, fractal_picture


@cache
def photo() -> bytes:
    """A JPEG of a size at which its byte values tell something."""
    return coded_at(fractal_picture(800, 1000, 4), 2.0)


def windows_1252(data: bytes) -> str:
    """As web browsers read a page in Windows-1252: five bytes without a character are control characters."""
    undefined = b"\x81\x8d\x8f\x90\x9d"
    return "".join(chr(byte) if byte in undefined else bytes((byte,)).decode("cp1252") for byte in data)


def by_recode(data: bytes) -> bytes:
    return subprocess.run(["iconv", "-f", "LATIN1", "-t", "UTF-8"], input=data, capture_output=True, check=True).stdout


def by_base64(data: bytes) -> bytes:
    return subprocess.run(["base64"], input=data, capture_output=True, check=True).stdout


def by_od(data: bytes) -> bytes:
    done = subprocess.run(["od", "-An", "-v", "-tx1"], input=data, capture_output=True, check=True)
    return done.stdout


def mailed(data: bytes) -> bytes:
    head = b"Content-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head + base64.encodebytes(data).replace(b"\n", b"\r\n") + b"\r\n--boundary--\r\n"


@pytest.mark.parametrize(
    ("done", "kind"),
    [
        (lambda data: data.replace(b"\n", b"\r\n"), TransferKind.LF_TO_CRLF),
        (by_recode, TransferKind.UTF8),
        (lambda data: windows_1252(data).encode(), TransferKind.UTF8),
        (lambda data: b"\xff\xfe" + windows_1252(data).encode("utf-16-le"), TransferKind.UTF16),
        (by_base64, TransferKind.BASE64),
        (base64.urlsafe_b64encode, TransferKind.BASE64),
        (lambda data: b'<img src="data:image/jpeg;base64,' + base64.b64encode(data) + b'">', TransferKind.BASE64),
        (mailed, TransferKind.BASE64),
        (by_od, TransferKind.HEX),
        (lambda data: b"{" + b", ".join(b"0x%02x" % byte for byte in data) + b"}", TransferKind.HEX),
        (lambda data: binascii.b2a_qp(data, istext=False), TransferKind.QUOTED_PRINTABLE),
    ],
)
def test_a_transfer_without_loss_is_undone_byte_for_byte(done: Callable[[bytes], bytes], kind: TransferKind) -> None:
    found = done(photo())
    assert found != photo()
    undone = undo_transfers(found)
    assert undone is not None
    assert [transfer.kind for transfer in undone.transfers] == [kind]
    assert undone.data == photo()
    assert undone.lossless
    assert undone.remaining is None
    assert undo_all(found, undone.transfers) == photo()


def test_transfers_one_after_the_other() -> None:
    undone = undo_transfers(base64.encodebytes(photo().replace(b"\n", b"\r\n")))
    assert undone is not None
    assert [transfer.kind for transfer in undone.transfers] == [TransferKind.BASE64, TransferKind.LF_TO_CRLF]
    assert undone.data == photo()


@pytest.mark.parametrize(
    ("done", "kind", "said"),
    [
        (lambda data: data.decode("utf-8", "replace").encode(), TransferKind.UTF8_REPLACED, "EF BF BD"),
        (lambda data: bytes(byte & 127 for byte in data), TransferKind.BIT7_STRIPPED, "highest bit"),
        (lambda data: data.replace(b"\r", b"\n"), TransferKind.VALUE_REPLACED, "every 0D by 0A"),
        (lambda data: data.replace(b"\0", b" "), TransferKind.VALUE_REPLACED, "every 00 by 20"),
        (lambda data: data.replace(b"\r", b""), TransferKind.VALUE_REMOVED, "no byte 0D"),
    ],
)
def test_what_cannot_be_undone_is_named(done: Callable[[bytes], bytes], kind: TransferKind, said: str) -> None:
    undone = undo_transfers(done(photo()))
    assert undone is not None
    assert undone.transfers == ()
    assert undone.remaining is not None
    assert undone.remaining.kind is kind
    assert said in undone.remaining.told
    assert not undone.lossless


def test_a_converter_that_spares_pairs_leaves_a_few_bytes_in_doubt() -> None:
    original = photo()
    pairs = [place.start() for place in re.finditer(rb"\r\n", original)]
    assert pairs
    undone = undo_transfers(re.sub(rb"(?<!\r)\n", b"\r\n", original))
    assert undone is not None
    assert not undone.lossless
    assert len(original) - len(pairs) <= len(undone.data) <= len(original)


def test_returns_whose_lack_moves_the_picture_are_put_back() -> None:
    original = coded_at(fractal_picture(1000, 1200, 6), 3.0)
    start = read_header(original).scan.entropy_start
    pairs = [place.start() for place in re.finditer(rb"\r\n", original) if place.start() >= start]
    told = find_returns(original[:start] + original[start:].replace(b"\r\n", b"\n"))
    true = {place - number for number, place in enumerate(pairs)}
    assert len(true & set(told)) >= 2
    assert len(set(told) - true) <= 1  # what stands near a true one may do as well


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff",
        bytes(1 << 16),
        np.random.default_rng(1).bytes(1 << 18),
        b"plain words \r\n" * 5000,
        b"/9j/" + b"A" * 10,
    ],
    ids=["nothing", "a head", "zeros", "noise", "text", "short base64"],
)
def test_other_bytes_are_no_transfer_to_be_undone(data: bytes) -> None:
    undone = undo_transfers(data)
    assert undone is None or undone.transfers == () or recognise(data) is not None
    assert not begins_as_transferred(data[:512]) or data.startswith(b"/9j/")


def test_a_sound_file_is_left_alone_whatever_its_bytes() -> None:
    assert undo_transfers(photo()) is None


def test_damage_is_no_transfer() -> None:
    damaged = bytearray(photo())
    damaged[40_000:60_000] = np.random.default_rng(2).bytes(20_000)
    undone = undo_transfers(bytes(damaged))
    assert undone is None or undone.transfers == ()


@pytest.mark.parametrize("case", ["utf8/A6_latin1_to_utf8.jpg", "lf-to-crlf/A5_lf_to_crlf.jpg"])
def test_the_cases_of_the_collection(shared_data: Path, case: str) -> None:
    undone = undo_transfers((shared_data / "cases" / case).read_bytes())
    assert undone is not None
    assert undone.data == (shared_data / "photos/nikon__e775__Nikon_Coolpix_775.jpg").read_bytes()


@pytest.mark.parametrize("text", [b"/9j/4=AAQ", b"/9j/4A=AQSkZ", b"/9j/4AAQ=SkZJRg", b"/9j/4AAQ.SkZJR"])
def test_base64_with_padding_or_strange_letters_inside_is_read_all_the_same(text: bytes) -> None:
    assert from_base64(text).startswith(b"\xff\xd8\xff")
