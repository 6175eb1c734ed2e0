"""What notebooks and other programs may rely on: the exported names and their signatures, pinned.

A change here is a change for users: it needs a line in CHANGELOG.md, and the tables in docs/researchers.md.
"""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

SIGNATURES = {
    "carving.carve": (
        "(source: 'ByteSource', *, layer: 'str' = 'decrypted', alignment: 'int' = 512, window: 'int' = 16777216, "
        "max_file_size: 'int' = 67108864, threads: 'int' = 1, families: 'Families | None' = None, "
        "remains: 'Callable[[Run], None] | None' = None, "
        "unowned: 'tuple[Run, ...] | None' = None) -> 'Iterator[Fragment]'"
    ),
    "carving.flip_model": "(source: 'ByteSource', fragment: 'Fragment') -> 'FlipModel'",
    "carving.flips_of_layer": "(layer: 'ByteSource', runs: 'tuple[Run, ...]') -> 'FlipModel | None'",
    "carving.open_evidence": (
        "(path: 'str | Path', *, key: 'bytes | None' = None, password: 'bytes | None' = None, "
        "credentials: 'tuple[Credential, ...]' = (), footer: 'Path | None' = None, "
        "cipher: 'str' = 'aes-cbc-essiv:sha256', sector_size: 'int' = 512, "
        "iv_sector: 'SectorIv' = 'le64', iv_offset: 'int' = 0, iv_large_sectors: 'bool' = False, offset: 'int' = 0, "
        "length: 'int | None' = None, volume: 'int | None' = None, nand: 'str | None' = None, "
        "xor_key: 'str | Path | None' = None, rescue_map: 'str | Path | None' = None, "
        "flips: 'tuple[tuple[int, int], ...]' = (), "
        "file_keys: 'tuple[MasterKey, ...]' = ()) -> 'ByteSource'"
    ),
    "restore.decode": "(jpeg: 'bytes') -> 'Decoded'",
    "restore.restore": (
        "(fragment: 'Fragment | bytes', flip_model: 'FlipModel | None' = None, thumbnail: 'Thumbnail | None' = None, "
        "effort: 'int' = 2, device: 'str' = 'auto') -> 'Restoration'"
    ),
    "restore.warm_up": "(progress: 'Callable[[str, int, int], None]') -> 'None'",
    "plugin.run": (
        "(evidence: 'str | os.PathLike[str]', output: 'str | os.PathLike[str]', *, key: 'Given' = None, "
        "password: 'Given' = None, metadata_key: 'Given' = None, fbe_key: 'GivenFileKeys' = (), "
        "parameters: 'Parameters | None' = None, "
        "details: 'CaseDetails | None' = None, jobs: 'int | None' = None, cluster: 'str | None' = None, "
        "arguments: 'tuple[str, ...]' = (), progress: 'Progress | None' = None, signer: 'Signer | None' = None, "
        "journal: 'Journal | None' = None) -> 'Report'"
    ),
}
ATTRIBUTES = {
    "carving.ByteSource": ("bad_runs", "below", "close", "name", "read_at", "size", "trace"),
    "carving.FlipModel": ("place", "variants"),
    "carving.Fragment": (
        *(
            "borrowed",
            "byte_runs",
            "chained",
            "check",
            "claim",
            "data",
            "ending",
            "evidence_runs",
            "known_bad",
            "layer",
        ),
        *("name", "notes", "offset", "origin", "record", "thumbnail", "transfers", "witnessed"),
    ),
    "carving.Run": ("end", "length", "offset"),
    "restore.Decoded": ("coefficients", "end", "events", "flawless", "header", "mcus", "pixels", "stream"),
    "restore.Restoration": (
        *(
            "bit_flips",
            "exact_probability",
            "gaps",
            "jpeg",
            "mcu_size",
            "notes",
            "opaque_bytes",
            "pixels",
            "provenance",
            "segments",
            "status",
        ),
    ),
}
PACKAGES = ("carving", "restore", "plugin")


def exported(name: str) -> object:
    package, _, attribute = name.partition(".")
    return getattr(import_module(package), attribute)


def test_these_names_are_exported_and_no_others() -> None:
    names = {f"{package}.{name}" for package in PACKAGES for name in import_module(package).__all__}
    assert names == SIGNATURES.keys() | ATTRIBUTES.keys()


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures(name: str) -> None:
    function = exported(name)
    assert callable(function)
    assert str(inspect.signature(function)) == SIGNATURES[name]


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes(name: str) -> None:
    kind = exported(name)
    assert isinstance(kind, type)
    own = {attribute for base in kind.__mro__[:-1] for attribute in (*vars(base), *getattr(base, "__slots__", ()))}
    fields = getattr(kind, "__dataclass_fields__", {}).keys()
    assert sorted({attribute for attribute in own if not attribute.startswith("_")} | fields) == list(ATTRIBUTES[name])


@pytest.mark.parametrize("package", PACKAGES)
def test_other_names_are_missing(package: str) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        exported(f"{package}.nothing")
