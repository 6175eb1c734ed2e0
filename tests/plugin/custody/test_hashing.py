"""Digests of the evidence: those of its bytes, and a word when they are not the stored ones."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from carving.errors import HashMismatchError
from carving.media.raw import open_raw
from plugin.custody.hashing import compare, hash_source


def test_digests_are_those_of_the_bytes(tmp_path: Path) -> None:
    data = random.Random(2).randbytes((9 << 20) + 7)
    (tmp_path / "x.dd").write_bytes(data)
    steps: list[tuple[int, int]] = []
    source = open_raw(tmp_path / "x.dd")
    found = hash_source(source, ("sha256", "md5", "sha1"), lambda done, total: steps.append((done, total)))
    source.close()
    assert found == {name: hashlib.new(name, data).hexdigest() for name in ("sha256", "md5", "sha1")}
    assert steps == sorted(steps)
    assert steps[-1] == (len(data), len(data))


def test_stored_digests_are_compared() -> None:
    computed = {"sha256": "aa", "md5": "bb"}
    compare(computed, {})
    compare(computed, {"md5": "bb"})
    with pytest.raises(HashMismatchError, match="stored MD5 is cc, but its bytes have bb"):
        compare(computed, {"md5": "cc"})
