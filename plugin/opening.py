"""From the settings of a run to the layers it scans, the same way for the run itself and for who checks it later."""

from __future__ import annotations

from pathlib import Path

from carving.source import ByteSource
from plugin.settings import Parameters


def open_layers(evidence: Path, key: bytes | None, parameters: Parameters) -> ByteSource:
    """The stack that is scanned, from the evidence up to decryption where there is a key.

    Raises:
        EvidenceError: the evidence cannot be opened.
        UsageError: settings that contradict it.
    """
    from carving.evidence import open_evidence

    return open_evidence(
        evidence,
        key=key,
        cipher=parameters.cipher,
        sector_size=parameters.sector_size,
        iv_sector=parameters.iv_sector,
        iv_offset=parameters.iv_offset,
        iv_large_sectors=parameters.iv_large_sectors,
        offset=parameters.offset,
        length=parameters.length,
        volume=parameters.volume,
        nand=parameters.nand,
        xor_key=parameters.xor_key,
    )


def read_key(key: str | bytes | None) -> bytes | None:
    """The key as bytes: as given, or from hex, `file:PATH`, `env:NAME`.

    Raises:
        UsageError: it is none of these.
    """
    if not isinstance(key, str):
        return key
    from carving.encryption.keys import parse_key

    return parse_key(key)
