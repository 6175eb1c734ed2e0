"""What a survey says, in plain words, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from carving.media.nand.layout import BchSettings, NandLayout, Page
from carving.media.nand.survey.marks import NumberGuess, ScramblerGuess, TagGuess

Certainty = Literal["certain", "likely", "a guess"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the survey found, and how sure it is."""

    text: str
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class DumpSurvey:
    """What a dump seems to be.

    Attributes:
        findings: most fundamental first.
        preset: the name of the preset that says the same, None where there is none.
        toml: a layout to try with `--nand FILE.toml`, None where nothing speaks for raw NAND.
    """

    findings: tuple[Finding, ...]
    preset: str | None
    toml: str | None


def geometry_finding(page: Page, *, certain: bool) -> Finding:
    """The page size; `certain` where a code confirms it."""
    reason = "its code words check" if certain else "with this width the spare columns stand out from the data"
    text = f"pages of {page.data} + {page.spare} bytes: {reason}"
    return Finding(text, "certain" if certain else "likely")


def code_finding(layout: NandLayout, clean: int, checked: int, written: int) -> Finding:
    """The error-correcting code, and how many code words of the sample bear it out."""
    assert layout.ecc is not None
    code, page = layout.ecc.code, layout.page
    if isinstance(code, BchSettings):
        low = "lowest" if code.bits == "lsb" else "highest"
        inverted = "" if code.inverted == "nothing" else f", inverted: {code.inverted}"
        name = f"BCH over GF(2^{code.field}), {code.strength} bits per {page.sector} bytes, {low} bit first{inverted}"
    else:
        name = f"Hamming, 1 bit per {page.sector} bytes"
    share = checked / max(1, written)
    counts = f"{clean} of {written} code words sampled are without error, {checked - clean} more can be corrected"
    return Finding(f"{name}: {counts}", "certain" if checked >= 8 and share > 0.5 else "likely")


def marker_finding(bad_blocks: int) -> Finding:
    """Bad-block marks, where the layout says that they stand."""
    return Finding(f"{bad_blocks} blocks are marked bad", "likely")


def tag_finding(tags: TagGuess) -> Finding:
    """YAFFS2 tags."""
    text = f"YAFFS2 tags at spare byte {tags.offset}, {tags.byte_order}-endian, in {tags.share:.0%} of the pages"
    return Finding(text, "certain" if tags.share > 0.98 else "likely")


def number_finding(numbers: NumberGuess) -> Finding:
    """Logical block numbers."""
    text = (
        f"logical block numbers at spare byte {numbers.offset}, {numbers.width} bytes, {numbers.byte_order}-endian: "
        f"the same throughout {numbers.pages_per_block} pages, different in {numbers.share:.0%} of the blocks"
    )
    return Finding(text, "likely")


def scrambler_finding(scrambler: ScramblerGuess) -> Finding:
    """A static scrambler."""
    text = (
        f"a static scrambler: {scrambler.repeats} pages look random and yet recur at multiples of "
        f"{scrambler.period} pages; its key must be had from the controller and given with --xor-key"
    )
    return Finding(text, "likely" if scrambler.period > 1 else "a guess")


def nothing_finding(random: float) -> Finding:
    """Nothing speaks for spare bytes."""
    if random > 7.9:
        text = (
            "no page size stands out, and the bytes look random: an encrypted volume without spare bytes, or a dump "
            "that a scrambler covers throughout"
        )
        return Finding(text, "a guess")
    return Finding("no page size stands out: a plain image without spare bytes, to be read without --nand", "likely")
