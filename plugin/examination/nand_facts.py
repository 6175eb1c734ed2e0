"""What a run learned of a raw NAND dump, for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from carving.source import ByteSource, layers
from plugin.common.nand_record import NandRecord

if TYPE_CHECKING:
    from carving.media.nand.nand_source import NandSource

MOST_LISTED: Final = 20_000
"""Runs of the map, and uncorrectable code words, that are listed; the counts cover all."""


def nand_layer(source: ByteSource) -> NandSource | None:
    """The layer of a stack that undoes a NAND layout, None where there is none."""
    from carving.media.nand.nand_source import NandSource

    return next((layer for layer in layers(source) if isinstance(layer, NandSource)), None)


def nand_record(source: ByteSource) -> NandRecord | None:
    """What was found of the dump under a stack, as far as it was read; None where there is none."""
    layer = nand_layer(source)
    if layer is None:
        return None
    counts = layer.ecc_map.counts()
    runs = layer.ecc_map.runs(MOST_LISTED)
    page = layer.layout.page
    return NandRecord(
        layout=layer.layout.name,
        page_size=page.size,
        page_data=page.data,
        code_words_per_page=layer.code_words_per_page,
        start=page.start,
        bad_blocks=layer.bad_blocks,
        live_size=layer.live_size,
        code_words=counts,
        ecc_map=runs,
        ecc_map_complete=sum(run.count for run in runs) == counts.total,
        uncorrectable_runs=layer.uncorrectable_runs(MOST_LISTED),
        uncorrectable_runs_complete=counts.uncorrectable <= MOST_LISTED,
    )


def nand_remarks(source: ByteSource) -> tuple[str, ...]:
    """What an examiner should know of the dump under a stack."""
    layer = nand_layer(source)
    return () if layer is None else layer.remarks


def misfit_of(record: NandRecord) -> str | None:
    """A complaint where not one code word checks: then the layout is not this dump's."""
    words = record.code_words
    if words.uncorrectable == 0 or words.good + words.corrected > 0:
        return None
    return (
        f"none of {words.uncorrectable} code words fits the error correction of the NAND layout {record.layout}; "
        "`carve-restore nand-info DUMP` proposes another"
    )
