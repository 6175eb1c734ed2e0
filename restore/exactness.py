"""How probable it is that a file without a visible flaw is the original one, and what it may then be called.

The scan's own probability comes from the search. A header adds two doubts: flips that were reversed in it, each with
a probability of its own, and bytes of it that nothing checks.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, prod
from typing import TYPE_CHECKING, Final

from carving.flips.model import FlipModel
from restore.provenance import EXACT_FROM, Status

if TYPE_CHECKING:
    from restore.repair.search.hypotheses import Reversal

_LEAST: Final = 0.01
"""A smaller probability is not told apart from this one in words."""


def with_header_probabilities(reversals: tuple[Reversal, ...], model: FlipModel | None) -> tuple[Reversal, ...]:
    """Reversals of a header, each with the probability of its bit having been flipped.

    One that a search of the thumbnail's scan has judged keeps its probability. Of another only its margin is known, in
    nats over its best rival and over leaving it with the odds against a flip there. None of the other hypotheses about
    its unit is likelier than that rival, so that the odds against it are at most their number times exp(-margin).
    That is as sound as the prediction of the header's bytes.
    """
    if model is None:
        return reversals
    return tuple(
        reversal if reversal.probability > 0 else replace(reversal, probability=_by_margin(reversal.margin, model.bits))
        for reversal in reversals
    )


def _by_margin(margin: float, rivals: int) -> float:
    return 1 / (1 + rivals * exp(-margin))


def unseen_in_header(bit_error_rate: float, hidden_bytes: int) -> float:
    """The probability that no flip hit bytes of a header that nothing checks or predicts.

    A flip under encryption redraws the block it is in, so that eight bits of the medium stand behind each of these
    bytes, as without it.

    Args:
        bit_error_rate: flips per bit of the evidence.
        hidden_bytes: how many bytes nothing checks or predicts.
    """
    return exp(-bit_error_rate * 8 * hidden_bytes)


def exact_probability(
    scan: float | None, header: tuple[Reversal, ...], hidden_bytes: int, bit_error_rate: float
) -> float | None:
    """The probability that a file, as repaired, is the original byte stream up to its EOI.

    Args:
        scan: that of its scan being the original one; None where nothing tells.
        header: what was reversed in front of the scan.
        hidden_bytes: bytes of the header that nothing checks or predicts.
        bit_error_rate: flips per bit of the evidence.
    """
    if scan is None:
        return None
    claims = prod(reversal.probability for reversal in header)
    return scan * claims * unseen_in_header(bit_error_rate, hidden_bytes)


def status_without_flaw(*, reversed_flips: bool, probability: float | None) -> Status:
    """What a file is called that decodes, as it now is, without a flaw.

    Args:
        reversed_flips: whether flips were reversed in it.
        probability: that of its being the original byte stream; None where nothing tells.
    """
    if not reversed_flips:
        return Status.INTACT
    return Status.EXACT if probability is not None and probability >= EXACT_FROM else Status.REPAIRED


def unseen_flips(probability: float | None) -> tuple[str, ...]:
    """What is said of a file that looks undamaged, where that is not sure enough to call its bytes the original's."""
    if probability is None or probability >= EXACT_FROM:
        return ()
    missed = "over 99 %" if probability < _LEAST else f"{100 * (1 - probability):.2g} %"
    return (f"no damage shows; the probability that a flip which left no sign was missed is {missed}",)
