"""Tensor sets come back as they were, in files of bounded size, and a damaged one is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from carving.errors import UsageError
from restore.gca.training.shards import INDEX, TensorSet, read_set, write_set


def some_set(value: float = 1.0) -> TensorSet:
    tensors = {
        "large": torch.arange(3000, dtype=torch.float32).reshape(30, 100) * value,
        "half/precision": torch.full((7,), value, dtype=torch.float16),
        "count": torch.tensor(5),
        "none": torch.zeros(0, 3),
    }
    return TensorSet(tensors, {"step": 3, "settings": {"rate": 1e-3}})


def test_a_set_comes_back(tmp_path: Path) -> None:
    write_set(tmp_path / "set", some_set(), largest=4096)
    found = read_set(tmp_path / "set")
    assert found.facts == {"step": 3, "settings": {"rate": 1e-3}}
    assert found.tensors.keys() == some_set().tensors.keys()
    for name, tensor in some_set().tensors.items():
        assert found.tensors[name].dtype == tensor.dtype
        assert torch.equal(found.tensors[name], tensor)
    sizes = [path.stat().st_size for path in (tmp_path / "set").glob("*.safetensors")]
    assert len(sizes) >= 3
    assert max(sizes) < 4096 + 1024


def test_a_later_set_replaces_an_earlier_one(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        write_set(tmp_path / "set", some_set(value))
    assert torch.equal(read_set(tmp_path / "set").tensors["half/precision"], torch.full((7,), 2.0, dtype=torch.float16))
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_an_interruption_between_the_renames_loses_nothing(tmp_path: Path) -> None:
    write_set(tmp_path / "set", some_set())
    (tmp_path / "set").rename(tmp_path / "set.old")
    assert read_set(tmp_path / "set").facts["step"] == 3


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    write_set(tmp_path / "set", some_set())
    path = next((tmp_path / "set").glob("*.safetensors"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(UsageError, match="is not the file"):
        read_set(tmp_path / "set")


@pytest.mark.parametrize("text", ["", "{}", '{"files": {"x": "y"}, "shapes": {}, "facts": {}}'])
def test_a_broken_index_is_a_usage_error(tmp_path: Path, text: str) -> None:
    write_set(tmp_path / "set", some_set())
    (tmp_path / "set" / INDEX).write_text(text, "utf-8")
    with pytest.raises(UsageError):
        read_set(tmp_path / "set")


def test_nothing_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_set(tmp_path / "absent")
