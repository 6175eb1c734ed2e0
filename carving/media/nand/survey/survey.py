"""The survey of a dump: geometry, code, order and scrambler, each with what speaks for it, as a layout to try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from carving.media.nand.layout import NandLayout
from carving.media.nand.nand_source import NandSource
from carving.media.nand.pages import ERASED, GOOD, PageDecoder
from carving.media.nand.settings import layout_of, presets
from carving.media.nand.survey.codes import guess_code, is_varied
from carving.media.nand.survey.findings import (
    DumpSurvey,
    Finding,
    code_finding,
    geometry_finding,
    marker_finding,
    nothing_finding,
    number_finding,
    scrambler_finding,
    tag_finding,
)
from carving.media.nand.survey.geometry import GEOMETRIES, PageGeometry, likely_geometries
from carving.media.nand.survey.marks import guess_numbers, guess_scrambler, guess_tags
from carving.media.nand.survey.proposal import document_of, render
from carving.media.nand.survey.sample import Bytes, Sample, entropy, take_sample
from carving.source import ByteSource

_TRIED: Final = 3
"""Geometries for which codes are looked for."""
_CONTRAST: Final = 2.0
"""Columns that must stand out for a geometry to be believed where no code speaks for it."""
_PAGES: Final = 48
_NEARLY: Final = 0.9
_TAGGED_PAGES: Final = 400
_RANDOM: Final = 7.99
"""Bits of entropy per byte that text, tables and even JPEGs with their headers stay below."""
_CHECKING: Final = 0.25
"""Share of written code words that must check for a layout to be believed; by chance one in hundreds does."""


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """How the written code words of a sample decode: `clean` without a wrong bit, `checked` with those corrected."""

    clean: int
    checked: int
    written: int

    @property
    def share(self) -> float:
        return self.checked / max(1, self.written)


def survey(source: ByteSource) -> DumpSurvey:
    """Look at a sample of a dump and propose its layout.

    Raises:
        EvidenceError: the dump cannot be read.
    """
    sample = take_sample(source)
    likely = likely_geometries(sample)
    found = _known(sample) or _unknown(sample, likely)
    if found is not None:
        return _with_code(source, sample, *found)
    recurring = _recurring(sample)
    if recurring is not None:
        return recurring
    if likely and likely[0].contrast >= _CONTRAST:
        return _without_code(source, sample, likely[0])
    written = [stretch for stretch in sample.stretches if (stretch != 0xFF).any()]
    random = float(np.median([entropy(stretch) for stretch in written])) if written else 0.0
    return DumpSurvey((nothing_finding(random),), None, None)


Document = Mapping[str, Any]


def _known(sample: Sample) -> tuple[Document, CodeCheck] | None:
    """The preset under which most code words check."""
    checks = {name: _check(sample, layout_of(name, preset)) for name, preset in presets().items()}
    name = max(checks, key=lambda name: (checks[name].share, checks[name].clean))
    return (presets()[name], checks[name]) if checks[name].share >= _CHECKING else None


def _unknown(sample: Sample, likely: tuple[PageGeometry, ...]) -> tuple[Document, CodeCheck] | None:
    """A layout put together from a geometry and a code whose parities were found."""
    for geometry in likely[:_TRIED]:
        pages, _ = sample.pages(geometry.size, _PAGES)
        code = guess_code(pages, geometry)
        if code is None:
            continue
        document = document_of(geometry, code)
        check = _check(sample, layout_of("proposal", document))
        if check.share >= _CHECKING:
            return document, check
    return None


def _check(sample: Sample, layout: NandLayout) -> CodeCheck:
    pages, numbers = sample.pages(layout.page.size, _PAGES)
    if pages.shape[0] == 0:
        return CodeCheck(0, 0, 0)
    decoder = PageDecoder(layout)
    decoded, states = decoder.decode(pages.copy(), numbers)
    messages = decoded[:, decoder.data_columns].reshape(*states.shape, -1)
    varied = np.array([[is_varied(message) for message in row] for row in messages])
    clean, checked = int((varied & (states == GOOD)).sum()), int((varied & (states >= GOOD)).sum())
    return CodeCheck(clean, checked if clean else 0, int((varied & (states != ERASED)).sum()))


def _with_code(source: ByteSource, sample: Sample, document: Document, check: CodeCheck) -> DumpSurvey:
    layout = layout_of("proposal", document)
    findings = [
        geometry_finding(layout.page, certain=True),
        code_finding(layout, check.clean, check.checked, check.written),
    ]
    kept = {name: document[name] for name in ("page", "ecc", "bad_blocks") if name in document}
    return _complete(source, sample, kept, findings)


def _without_code(source: ByteSource, sample: Sample, geometry: PageGeometry) -> DumpSurvey:
    document = document_of(geometry, None)
    findings = [
        geometry_finding(layout_of("proposal", document).page, certain=False),
        Finding("no error-correcting code was recognised", "likely"),
    ]
    return _complete(source, sample, document, findings)


def _complete(source: ByteSource, sample: Sample, document: dict[str, Any], findings: list[Finding]) -> DumpSurvey:
    """The survey with what spare bytes say of order, and data of scrambling."""
    dump = NandSource(source, layout_of("proposal", document))
    if dump.bad_blocks:
        findings.append(marker_finding(dump.bad_blocks))
    order = _order(dump, sample, document, findings)
    findings += _scrambling(_stretches(sample, dump.layout.page.size), PageDecoder(dump.layout))
    if order is not None:
        document["order"] = order
    return DumpSurvey(tuple(findings), _preset_like(document), render(document))


def _recurring(sample: Sample) -> DumpSurvey | None:
    """A dump that a scrambler covers throughout, if pages of some width recur in it: of the widths in which the most
    bytes recur, the widest."""
    found = []
    for data, spare in sorted(GEOMETRIES, key=sum):
        scrambler = guess_scrambler(_stretches(sample, data + spare))
        if scrambler is not None:
            found.append((scrambler.repeats * (data + spare), data, spare, scrambler))
    if not found:
        return None
    most = max(covered for covered, *_ in found)
    _, data, spare, scrambler = [entry for entry in found if entry[0] >= _NEARLY * most][-1]
    width = Finding(f"pages of {data} + {spare} bytes, or a divisor or multiple of them: such pages recur", "a guess")
    return DumpSurvey(
        (width, scrambler_finding(scrambler)), None, render(document_of(PageGeometry(data, spare, 0.0), None))
    )


def _order(
    dump: NandSource, sample: Sample, document: dict[str, Any], findings: list[Finding]
) -> dict[str, Any] | None:
    """The order that the spare bytes speak for, as a table of the layout; sets pages per block where it shows."""
    width = dump.layout.page.size
    pages = sample.size // width
    _, numbers = sample.pages(width, _TAGGED_PAGES)
    tags = guess_tags(dump.read_spare(numbers), pages) if numbers.size >= 8 else None
    if tags is not None:
        findings.append(tag_finding(tags))
        return {"kind": "yaffs2", "offset": tags.offset, "byte_order": tags.byte_order}
    found = guess_numbers(dump.read_spare, pages)
    if found is None:
        return None
    findings.append(number_finding(found))
    document["page"] = {**document["page"], "pages_per_block": found.pages_per_block}
    return {
        "kind": "numbered",
        "unit": "block",
        "offset": found.offset,
        "width": found.width,
        "byte_order": found.byte_order,
    }


def _scrambling(stretches: list[tuple[NDArray[np.int64], Bytes]], decoder: PageDecoder) -> list[Finding]:
    data = [(numbers, pages[:, decoder.data_columns]) for numbers, pages in stretches]
    repeated = guess_scrambler(data)
    if repeated is not None:
        return [scrambler_finding(repeated)]
    written = [rows[(rows != 0xFF).any(axis=1)] for _, rows in data]
    high = [entropy(rows) for rows in written if rows.shape[0] >= 8]
    if high and min(high) > _RANDOM:
        return [Finding("all data look random: they are encrypted, or scrambled without a key that repeats", "likely")]
    return []


def _stretches(sample: Sample, width: int) -> list[tuple[NDArray[np.int64], Bytes]]:
    """Neighbouring whole pages: their numbers, and their bytes."""
    found = []
    for start, stretch in zip(sample.starts, sample.stretches, strict=True):
        skip = -start % width
        count = max(0, stretch.size - skip) // width
        if count:
            first = (start + skip) // width
            found.append((np.arange(first, first + count), stretch[skip : skip + count * width].reshape(count, width)))
    return found


def _preset_like(document: Document) -> str | None:
    """The preset that means the same as a proposal."""
    proposal = layout_of("", document)
    for name, preset in presets().items():
        known = layout_of("", preset)
        if (known.page, known.ecc, known.order) == (proposal.page, proposal.ecc, proposal.order):
            return name
    return None
