"""The judge: one method's result on one damaged file against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import Frame
from restore.decoding.robust import decode
from restore.lab.evaluation.methods import MethodResult
from restore.lab.evaluation.region_score import RegionScore, score_region
from restore.lab.evaluation.specimens import Specimen
from restore.lab.quality import metrics
from restore.lab.simulation.bit_errors import Flip
from restore.lab.simulation.movers import movers
from restore.provenance import Provenance
from restore.thumbnail.guidance import region

if TYPE_CHECKING:
    from restore import Decoded

MIDDLE_GREY: Final = 128
CONVENTIONS: Final = (
    "Reference: the undamaged JPEG, decoded. What a method does not show, for whatever reason, counts as middle grey.",
    "MCUs exact: quantised coefficients equal to the original's at the same MCU; what is called generated never is.",
    "Of methods that give pixels only: equal pixels, without an MCU's outermost ring, where chroma is interpolated.",
    "Holes: the MCUs a method calls generated or lost; where it keeps no provenance, those not exact.",
    "Hit: the MCUs whose own bytes the damage changed, the same for every method. PSNR of both in Y.",
    "SHA-256: the method's byte stream up to the EOI (the damaged bytes where it repairs none) equals the original's.",
    "Flips: of the medium, only those whose block reaches into the file up to its EOI.",
    "Movers: of an unencrypted medium, the flips that alone move the place of an MCU in its scan, or a DC value.",
    "False repairs: reversed bits that were right, as a share of all reversed bits.",
    "Probabilities: as stated of each reversed bit and of a file's stream, held against whether they were right.",
    "Falsely intact: MCUs called intact or repaired that are not exact, as a share of all that are called so.",
)


@dataclass(frozen=True, slots=True)
class Score:
    """One result, judged. Squared errors are means over pixels, on the 8-bit scale; None where there is nothing to
    measure."""

    shown: bool
    status: str
    width: int
    height: int
    mcus: int
    mcus_exact: int
    picture_exact: bool
    stream_exact: bool
    undamaged: bool
    mse_y: float
    ssim_y: float | None
    mse_rgb: float
    ssim_rgb: float | None
    hole_mcus: int
    mse_hole: float | None
    claimed_mcus: int
    claimed_wrong: int
    hit_mcus: int | None
    mse_hit: float | None
    flips: int
    reversed: int
    wrong: int
    missed: int
    movers: int | None = None
    movers_reversed: int | None = None
    margins: tuple[tuple[float | None, bool], ...] = ()
    """Margin of every reversed bit in nats, None where it had no rival, and whether it was right."""
    probabilities: tuple[tuple[float, bool], ...] = ()
    """Probability that was stated of every reversed bit, in the order of `margins`, and whether it was right."""
    exact_probability: float | None = None
    """What was stated of the stream being the original; None where nothing was."""
    region: RegionScore | None = None
    """Where a region was destroyed, of a file of one scan."""


class Judge:
    """Knows the original of one specimen; scores the results of all methods on it."""

    def __init__(self, specimen: Specimen) -> None:
        """Decode the original.

        Raises:
            JpegError: it cannot be decoded.
        """
        self._specimen = specimen
        self._original = decode(specimen.original)
        self._luma = metrics.luma(self._original.pixels)
        plain = specimen.damaged.medium.key is None and specimen.region is None
        self._movers = movers(specimen.original, specimen.flips) if plain else None
        self._hit = hit_mcus(self._original, specimen.destroyed)

    def score(self, result: MethodResult) -> Score:
        """Score one result."""
        truth, specimen, frame = self._original.pixels, self._specimen, self._original.header.frame
        pixels = fitted(result.pixels, frame.height, frame.width)
        picture = specimen.original[: specimen.end]
        stream = result.jpeg if result.jpeg is not None else specimen.damaged.jpeg
        exact = self._exact_mcus(result, pixels)
        holes, claimed = ~exact, np.zeros_like(exact)
        if result.provenance is not None and result.provenance.shape == holes.shape:
            holes = result.provenance >= Provenance.GENERATED
            claimed = result.provenance <= Provenance.REPAIRED
            exact &= ~holes
        luma = metrics.luma(pixels)
        error = metrics.squared_error(self._luma, luma)
        reversed_flips = {Flip(flip.evidence_offset, flip.bit) for flip in result.bit_flips}
        true_flips = set(specimen.flips)
        return Score(
            shown=result.pixels is not None,
            status=result.status,
            width=frame.width,
            height=frame.height,
            mcus=frame.mcu_count,
            mcus_exact=int(exact.sum()),
            picture_exact=bool(np.array_equal(truth, pixels)),
            stream_exact=stream[: specimen.end] == picture,
            undamaged=specimen.damaged.jpeg[: specimen.end] == picture,
            mse_y=float(error.mean()),
            ssim_y=metrics.ssim(self._luma, luma),
            mse_rgb=float(metrics.squared_error(truth, pixels).mean()),
            ssim_rgb=metrics.ssim_rgb(truth, pixels),
            hole_mcus=int(holes.sum()),
            mse_hole=_mean_inside(error, holes, frame),
            claimed_mcus=int(claimed.sum()),
            claimed_wrong=int((claimed & ~exact).sum()),
            hit_mcus=None if self._hit is None else int(self._hit.sum()),
            mse_hit=None if self._hit is None else _mean_inside(error, self._hit, frame),
            flips=len(true_flips),
            reversed=len(reversed_flips & true_flips),
            wrong=len(reversed_flips - true_flips),
            missed=len(true_flips - reversed_flips),
            movers=None if self._movers is None else len(self._movers),
            movers_reversed=None if self._movers is None else len(self._movers & reversed_flips),
            margins=tuple(
                (flip.margin if isfinite(flip.margin) else None, Flip(flip.evidence_offset, flip.bit) in true_flips)
                for flip in result.bit_flips
            ),
            probabilities=tuple(
                (flip.probability, Flip(flip.evidence_offset, flip.bit) in true_flips) for flip in result.bit_flips
            ),
            exact_probability=result.exact_probability,
            region=self._region(result, pixels),
        )

    def _region(self, result: MethodResult, pixels: NDArray[np.uint8]) -> RegionScore | None:
        if self._specimen.region is None or self._hit is None:
            return None
        provenance = result.provenance
        if result.pixels is None or (provenance is not None and provenance.shape != self._hit.shape):
            provenance = np.full(self._hit.shape, Provenance.LOST, dtype=np.uint8)  # nothing, or nothing in its place
        return score_region(self._original.pixels, pixels, provenance, self._hit, self._original.header.frame)

    def _exact_mcus(self, result: MethodResult, pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
        frame, truth = self._original.header.frame, self._original.coefficients
        shape = (frame.mcu_rows, frame.mcu_columns)
        if result.pixels is None:
            return np.zeros(shape, dtype=np.bool_)
        if result.coefficients is None:
            return equal_mcus(self._original.pixels, pixels, frame)
        if result.coefficients.shape != truth.shape:
            return np.zeros(shape, dtype=np.bool_)
        equal: NDArray[np.bool_] = (result.coefficients == truth).all(axis=(1, 2))
        return equal.reshape(shape)


def fitted(pixels: NDArray[np.uint8] | None, height: int, width: int) -> NDArray[np.uint8]:
    """Pixels (height, width, 3) whatever a method gave: cut at the right and bottom, missing ones middle grey."""
    if pixels is not None and pixels.shape == (height, width, 3):
        return pixels
    canvas = np.full((height, width, 3), MIDDLE_GREY, dtype=np.uint8)
    if pixels is not None:
        part = pixels[:height, :width]
        canvas[: part.shape[0], : part.shape[1]] = part
    return canvas


def equal_mcus(first: NDArray[np.uint8], second: NDArray[np.uint8], frame: Frame) -> NDArray[np.bool_]:
    """Which MCUs show the same pixels, their outermost ring left out: bool (MCU rows, MCU columns)."""
    rows, columns = frame.mcu_rows * frame.mcu_height, frame.mcu_columns * frame.mcu_width
    equal = np.ones((rows, columns), dtype=np.bool_)
    equal[: frame.height, : frame.width] = np.equal(first, second).all(axis=2)
    cells = equal.reshape(frame.mcu_rows, frame.mcu_height, frame.mcu_columns, frame.mcu_width)
    return np.asarray(cells[:, 1:-1, :, 1:-1].all(axis=(1, 3)), dtype=np.bool_)


def hit_mcus(original: Decoded, changed: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    """The MCUs of an undamaged picture that have a changed byte among those they are coded in.

    Args:
        changed: offsets in the file, ascending.

    Returns:
        bool (MCU rows, MCU columns); None where the first scan does not hold all of every MCU.
    """
    frame, starts, stream = original.header.frame, original.mcus.bit_positions, original.stream
    if not original.header.interleaved or starts.size != frame.mcu_count or (starts < 0).any():
        return None
    ends = np.append(starts[1:], 8 * stream.size)
    first, last = _file_offsets(original, starts // 8), _file_offsets(original, (ends - 1) // 8)
    before, behind = np.searchsorted(changed, first, side="left"), np.searchsorted(changed, last, side="right")
    hit: NDArray[np.bool_] = np.greater(behind, before)
    return hit.reshape(frame.mcu_rows, frame.mcu_columns)


def _file_offsets(decoded: Decoded, indices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Offsets in the file of bytes of the unstuffed stream."""
    stream = decoded.stream
    return stream.origin + indices + np.searchsorted(stream.removed, indices, side="right")


def _mean_inside(error: NDArray[np.float64], mcus: NDArray[np.bool_], frame: Frame) -> float | None:
    if not mcus.any():
        return None
    inside = region(mcus, (frame.mcu_height, frame.mcu_width), frame.height, frame.width)
    return float(error[inside].mean())
