"""The custody log: whatever is done to a finished log, the chain or the head shows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from carving.errors import EvidenceError, HashMismatchError, OutputError
from plugin.custody.chain import GENESIS, ChainHead
from plugin.custody.custody_log import CustodyLog
from tests.plugin.custody.chain_check import verify_chain


@pytest.fixture
def log(tmp_path: Path) -> tuple[Path, ChainHead]:
    path = tmp_path / "custody.jsonl"
    with CustodyLog(path) as custody:
        custody.record("run_started", examiner="Ärztin × 2", arguments=["carve-restore", "a b.E01"])
        custody.record("carved", offset=4096, byte_runs=[{"offset": 4096, "length": 7}])
        custody.record("run_finished", exit_code=0)
        return path, custody.head


def test_untouched_log_verifies_to_its_head(log: tuple[Path, ChainHead]) -> None:
    path, head = log
    assert verify_chain(path) == head
    assert head.records == 3
    records = [json.loads(line) for line in path.read_text("ascii").splitlines()]
    assert [record["seq"] for record in records] == [0, 1, 2]
    assert records[0]["prev"] == GENESIS
    assert records[0]["details"]["examiner"] == "Ärztin × 2"


def _change(lines: list[str]) -> list[str]:
    return [lines[0], lines[1].replace("4096", "4097"), lines[2]]


def _change_the_first(lines: list[str]) -> list[str]:
    return [lines[0].replace("a b.E01", "b a.E01"), *lines[1:]]


def _remove(lines: list[str]) -> list[str]:
    return [lines[0], lines[2]]


def _insert(lines: list[str]) -> list[str]:
    return [lines[0], lines[0], *lines[1:]]


def _swap(lines: list[str]) -> list[str]:
    return [lines[1], lines[0], lines[2]]


def _add_space(lines: list[str]) -> list[str]:
    return [lines[0], lines[1].replace(":", ": ", 1), lines[2]]


def _break_json(lines: list[str]) -> list[str]:
    return [lines[0], lines[1][:-4], lines[2]]


def _renumber_after_removal(lines: list[str]) -> list[str]:
    return [lines[0], lines[2].replace('"seq":2', '"seq":1')]


@pytest.mark.parametrize(
    "tamper",
    [_change, _change_the_first, _remove, _insert, _swap, _add_space, _break_json, _renumber_after_removal],
)
def test_tampering_is_noticed(log: tuple[Path, ChainHead], tamper: Callable[[list[str]], list[str]]) -> None:
    path, _ = log
    path.write_text("\n".join(tamper(path.read_text("ascii").splitlines())) + "\n", "ascii")
    with pytest.raises(HashMismatchError, match=r"record \d"):
        verify_chain(path)


def test_cut_end_shows_against_the_head(log: tuple[Path, ChainHead]) -> None:
    path, head = log
    lines = path.read_text("ascii").splitlines()
    path.write_text("\n".join(lines[:2]) + "\n", "ascii")
    assert verify_chain(path) != head


def test_bytes_that_are_not_ascii_are_tampering(log: tuple[Path, ChainHead]) -> None:
    path, _ = log
    path.write_bytes(path.read_bytes() + b"\xff\n")
    with pytest.raises(HashMismatchError, match="altered"):
        verify_chain(path)


def test_log_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot read"):
        verify_chain(tmp_path / "none.jsonl")


def test_log_is_never_overwritten(log: tuple[Path, ChainHead]) -> None:
    path, head = log
    with pytest.raises(OutputError):
        CustodyLog(path)
    assert verify_chain(path) == head
