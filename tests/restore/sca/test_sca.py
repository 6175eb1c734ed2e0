"""Self-compensation and alignment: known jumps undone, intact pictures left alone, kernels against plain Python."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from carving.jpeg.markers import JpegHeader
from restore.decoding.pixels import render
from restore.decoding.robust import decode
from restore.lab.quality import metrics
from restore.paper.unclipped import unclipped_planes, unclipped_rgb
from restore.sca import align, compensate, find_segments, self_compensate
from restore.sca.correction import Correction
from restore.sca.edges import EXTRAPOLATION, mcu_edges, quant_steps
from restore.sca.segments import without_excursions


def scene(height: int = 512, width: int = 960) -> NDArray[np.uint8]:
    """A smooth colour picture that looks different everywhere."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red = 120 + 60 * np.sin(x / 23 + y / 91) + 30 * np.cos(y / 70)
    green = 120 + 50 * np.cos(x * x / 9000 + y / 80) + 30 * np.sin(y / 63)
    blue = 110 + 60 * np.sin((2 * x + y) / 99) + 20 * np.cos(x / 13)
    pixels: NDArray[np.uint8] = np.clip(np.stack([red, green, blue], axis=2), 0, 255).astype(np.uint8)
    return pixels


def encode(pixels: NDArray[np.uint8], subsampling: str = "4:2:0", restart: int = 0, quality: int = 85) -> bytes:
    stream = io.BytesIO()
    picture = Image.fromarray(pixels)
    if pixels.ndim == 2:
        picture.save(stream, "JPEG", quality=quality)
    else:
        picture.save(stream, "JPEG", quality=quality, subsampling=subsampling, restart_marker_blocks=restart)
    return stream.getvalue()


def jump(coefficients: NDArray[np.int16], start: int, shift: int, offset: list[int]) -> NDArray[np.int16]:
    """Coefficients as damage leaves them: from MCU `start` on, some are missing (shift > 0) or made up, DCs are off."""
    if shift >= 0:
        moved = np.concatenate([coefficients[:start], coefficients[start + shift :], coefficients[:shift]])
    else:
        made_up = np.repeat(coefficients[start : start + 1], -shift, axis=0)
        moved = np.concatenate([coefficients[:start], made_up, coefficients[start:]])[: len(coefficients)]
    moved[start:, :, 0] -= np.array(offset, dtype=np.int16)
    return moved


def reference_samples(header: JpegHeader, coefficients: NDArray[np.int16], mcu: int, block: int) -> NDArray[np.float64]:
    """Samples of one block by the definition of the inverse DCT (T.81 A.3.3), level shifted."""
    owners = np.repeat([0, 1, 2], [c.horizontal * c.vertical for c in header.frame.components])
    steps = quant_steps(header, header.frame.components[owners[block]]).astype(np.float64)
    values = (coefficients[mcu, block] * steps).reshape(8, 8)
    samples = np.zeros((8, 8))
    scale = np.where(np.arange(8) == 0, np.sqrt(0.5), 1.0)
    for y in range(8):
        for x in range(8):
            for v in range(8):
                for u in range(8):
                    cosines = np.cos((2 * x + 1) * u * np.pi / 16) * np.cos((2 * y + 1) * v * np.pi / 16)
                    samples[y, x] += scale[u] * scale[v] / 4 * values[v, u] * cosines
    return samples + 128


def luma_psnr(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    return metrics.psnr(float(metrics.squared_error(metrics.luma(first), metrics.luma(second)).mean()))


def test_samples_follow_the_definition_of_the_inverse_dct() -> None:
    decoded = decode(encode(scene(32, 48)))
    planes = unclipped_planes(decoded.header, decoded.coefficients)
    for mcu, block, component, top, left in ((0, 0, 0, 0, 0), (4, 3, 0, 24, 24), (5, 4, 1, 8, 16), (2, 5, 2, 0, 16)):
        expected = reference_samples(decoded.header, decoded.coefficients, mcu, block)
        np.testing.assert_allclose(planes[component][top : top + 8, left : left + 8], expected, atol=1e-3)


def test_samples_are_not_clipped_and_follow_an_offset() -> None:
    decoded = decode(encode(scene(32, 48)))
    brighter = decoded.coefficients.copy()
    brighter[:, :4, 0] += 100
    step = quant_steps(decoded.header, decoded.header.frame.components[0])[0] / 8
    difference = unclipped_rgb(decoded.header, brighter) - unclipped_rgb(decoded.header, decoded.coefficients)
    np.testing.assert_allclose(difference, 100 * step, rtol=1e-4)


def test_unclipped_rgb_is_what_the_decoder_renders_without_chroma_filter() -> None:
    decoded = decode(encode(scene(64, 64), subsampling="4:4:4"))
    rgb = unclipped_rgb(decoded.header, decoded.coefficients)
    assert np.abs(np.clip(rgb, 0, 255) - decoded.pixels).max() < 2.5


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4"])
def test_rims_are_the_outermost_samples_carried_on(subsampling: str) -> None:
    decoded = decode(encode(scene(64, 96), subsampling=subsampling))
    frame = decoded.header.frame
    edges = mcu_edges(decoded.header, decoded.coefficients)
    plane = unclipped_planes(decoded.header, decoded.coefficients)[1] - 128
    component = frame.components[1]
    rows, columns = 8 * component.vertical, 8 * component.horizontal
    mcu = frame.mcu_columns + 1
    block = plane[rows : 2 * rows, columns : 2 * columns]
    across = slice(edges.widths[0], edges.widths[0] + edges.widths[1])
    down = slice(edges.heights[0], edges.heights[0] + edges.heights[1])
    near, far = 1 + EXTRAPOLATION, EXTRAPOLATION
    np.testing.assert_allclose(edges.top[mcu, across], near * block[0] - far * block[1], atol=1e-3)
    np.testing.assert_allclose(edges.bottom[mcu, across], near * block[-1] - far * block[-2], atol=1e-3)
    np.testing.assert_allclose(edges.left[mcu, down], near * block[:, 0] - far * block[:, 1], atol=1e-3)
    np.testing.assert_allclose(edges.right[mcu, down], near * block[:, -1] - far * block[:, -2], atol=1e-3)
    expected = [np.square(block[a] - block[b]).mean() for a, b in ((0, 1), (-1, -2))]
    expected += [np.square(block[:, a] - block[:, b]).mean() for a, b in ((0, 1), (-1, -2))]
    np.testing.assert_allclose(edges.activity[mcu, 1], expected, rtol=1e-2, atol=1e-3)


def test_seam_kernels_agree_with_plain_python() -> None:
    from restore.sca.rim_kernels import best_offset, dissent, median, seam_statistics

    rng = np.random.default_rng(1)
    before, after = rng.normal(0, 9, (2, 32)).astype(np.float32)
    result = np.zeros(9, dtype=np.float32)
    seam_statistics(before, after, np.array([0, 16, 24, 32]), result)
    for component, part in enumerate((slice(0, 16), slice(16, 24), slice(24, 32))):
        difference = (after - before)[part]
        np.testing.assert_allclose(result[3 * component], difference.mean(), atol=1e-4)
        np.testing.assert_allclose(result[3 * component + 1], np.square(difference).mean(), rtol=1e-4)
    offset = np.float32(-5)
    distance = np.square((after - before)[:16] + offset).mean()
    np.testing.assert_allclose(
        dissent(result[0], result[1], np.float32(9), offset), distance / (distance + 9), rtol=1e-4
    )
    values = rng.normal(0, 5, 21).astype(np.float32)
    assert median(values.copy(), 21) == np.median(values)

    means = np.full(20, -12.3, dtype=np.float32)
    means[:6] = rng.normal(90, 40, 6)  # seams with an edge of their own
    seams = np.stack([means, means**2 + 2, np.full(20, 10)], axis=1).astype(np.float32)
    assert best_offset(seams, 20, 0, np.float32(0.5), np.zeros(20, dtype=np.float32)) == pytest.approx(12.5)


@pytest.mark.parametrize(
    ("shift", "offset"), [(0, [30, 0, 0]), (3, [0, 0, 0]), (-2, [0, 0, 0]), (2, [-25, 12, 9]), (-5, [60, -20, 14])]
)
def test_a_known_jump_is_undone_exactly(shift: int, offset: list[int]) -> None:
    decoded = decode(encode(scene(), quality=50))  # with finer steps, an offset may come out one step wrong
    per_block = [offset[0]] * 4 + offset[1:]
    start = 495
    damaged = jump(decoded.coefficients, start, shift, per_block)
    correction = find_segments(decoded.header, damaged)
    corrected = align(decoded.header, compensate(decoded.header, damaged, correction), correction)
    # The MCUs at the jump itself may be anyone's; of the last ones, those that were pushed out are gone.
    sure = np.r_[0 : start - 8, start + 12 : len(damaged) - 8]
    np.testing.assert_array_equal(corrected[sure], decoded.coefficients[sure])
    assert luma_psnr(self_compensate(decoded.header, damaged), decoded.pixels) > 30


def test_jumps_add_up() -> None:
    decoded = decode(encode(scene()))
    damaged = jump(decoded.coefficients, 900, -3, [-20] * 4 + [0, 16])
    damaged = jump(damaged, 500, 2, [44] * 4 + [-9, 5])
    damaged = jump(damaged, 300, 1, [16] * 4 + [7, 5])
    rendered = self_compensate(decoded.header, damaged)
    assert luma_psnr(rendered, decoded.pixels) > 28


def test_a_jump_in_the_first_row_is_undone() -> None:
    decoded = decode(encode(scene()))
    damaged = jump(decoded.coefficients, 17, 1, [50] * 4 + [8, -9])
    assert luma_psnr(self_compensate(decoded.header, damaged), decoded.pixels) > 28


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4"])
def test_an_intact_picture_comes_out_as_decoded(subsampling: str) -> None:
    decoded = decode(encode(scene(240, 321), subsampling=subsampling))
    found = find_segments(decoded.header, decoded.coefficients)
    assert not found.shifts.any()
    assert not found.dc_offsets.any()
    np.testing.assert_array_equal(self_compensate(decoded.header, decoded.coefficients), decoded.pixels)


def test_grey_pictures_are_corrected_too() -> None:
    decoded = decode(encode(scene()[:, :, 1]))
    damaged = jump(decoded.coefficients, 2000, 2, [40])
    corrected = self_compensate(decoded.header, damaged)
    assert corrected.shape == (512, 960, 3)
    assert luma_psnr(corrected, decoded.pixels) > 28


def test_a_restart_marker_ends_all_jumps() -> None:
    decoded = decode(encode(scene(), restart=160))
    assert decoded.header.restart_interval == 160
    damaged = decoded.coefficients.copy()
    damaged[330:480] = jump(decoded.coefficients[320:480], 10, 2, [44] * 4 + [9, 5])[10:]
    correction = find_segments(decoded.header, damaged)
    assert not correction.shifts[480:].any()
    assert not correction.dc_offsets[480:].any()
    assert luma_psnr(self_compensate(decoded.header, damaged), decoded.pixels) > 28


@pytest.mark.parametrize("size", [(1, 1), (9, 200), (200, 9), (33, 47), (64, 16)])
@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_any_size_and_any_content_gives_a_picture(size: tuple[int, int], subsampling: str) -> None:
    decoded = decode(encode(scene(*size), subsampling=subsampling))
    rng = np.random.default_rng(3)
    noise = rng.integers(-32768, 32767, decoded.coefficients.shape).astype(np.int16)
    for coefficients in (noise, np.zeros_like(noise), noise // 4096):
        assert self_compensate(decoded.header, coefficients).shape == (*size, 3)


def test_missing_mcus_at_the_end_do_not_count() -> None:
    decoded = decode(encode(scene()))
    damaged = jump(decoded.coefficients, 600, 2, [30] * 4 + [0, 0])
    damaged[-200:] = 0
    correction = find_segments(decoded.header, damaged)
    assert (correction.source[-190:] < 0).all()
    assert luma_psnr(self_compensate(decoded.header, damaged)[:400], decoded.pixels[:400]) > 28


def test_source_keeps_the_later_claim_and_restart_intervals() -> None:
    shifts = np.array([0, 0, 0, -2, -2, 0, 0, 0])
    offsets = np.zeros((8, 1), dtype=np.int32)
    assert Correction(shifts, offsets, 0).source.tolist() == [0, 3, 4, -1, -1, 5, 6, 7]
    assert Correction(np.roll(shifts, 1), offsets, 4).source.tolist() == [0, 1, 2, 3, -1, -1, 6, 7]
    assert Correction(shifts, offsets, 0).segment_starts.tolist() == [0, 3, 5]


def test_compensation_alone_moves_nothing_and_saturates() -> None:
    decoded = decode(encode(scene(32, 48)))
    coefficients = decoded.coefficients.copy()
    coefficients[3, 0, 0] = 32767
    count = len(coefficients)
    offsets = np.tile(np.array([5, -1, 2], dtype=np.int32), (count, 1))
    compensated = compensate(decoded.header, coefficients, Correction(np.full(count, 1), offsets, 0))
    assert compensated[3, 0, 0] == 32767
    np.testing.assert_array_equal(compensated[:3, :, 0] - coefficients[:3, :, 0], [[5, 5, 5, 5, -1, 2]] * 3)
    np.testing.assert_array_equal(compensated[:, :, 1:], coefficients[:, :, 1:])


def test_excursions_are_taken_back() -> None:
    shifts = np.repeat([0, 2, 0, 1, 2, 1, 3], [10, 3, 10, 9, 2, 9, 30])
    offsets = np.zeros((shifts.size, 1), dtype=np.float32)
    offsets[:, 0] = shifts * 10
    kept, colours = without_excursions(shifts, offsets, 20, np.array([1.0], dtype=np.float32))
    assert kept.tolist() == np.repeat([0, 1, 3], [23, 20, 30]).tolist()
    assert colours[:, 0].tolist() == (kept * 10).tolist()
    far, _ = without_excursions(
        np.repeat([0, 2, 0], [30, 25, 30]), np.zeros((85, 1), np.float32), 20, np.ones(1, np.float32)
    )
    assert far.tolist() == np.repeat([0, 2, 0], [30, 25, 30]).tolist()


@pytest.mark.parametrize(
    ("name", "aligned", "compensated"),
    # the authors' published outputs for the same files: dB and SSIM with and without alignment
    [("berlin_000000", (12.68, 0.590), (12.43, 0.566)), ("berlin_000001", (12.07, 0.570), (12.01, 0.562))],
)
def test_the_authors_own_files_come_out_better_than_theirs(
    shared_data: Path, name: str, aligned: tuple[float, float], compensated: tuple[float, float]
) -> None:
    def similarity(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
        return metrics.ssim(metrics.luma(first), metrics.luma(second)) or 0.0

    folder = shared_data / "two_acir"
    truth = decode((folder / "GT" / f"{name}_000019_leftImg8bit.jpg").read_bytes()).pixels
    damaged = decode((folder / "De" / f"{name}_000019_leftImg8bit.jpg").read_bytes())
    correction = find_segments(damaged.header, damaged.coefficients)
    colours = compensate(damaged.header, damaged.coefficients, correction)
    without = render(damaged.header, colours)
    whole = render(damaged.header, align(damaged.header, colours, correction))
    assert luma_psnr(without, truth) > compensated[0] + 5
    assert similarity(without, truth) > compensated[1] + 0.1
    assert luma_psnr(whole, truth) > aligned[0] + 15
    assert similarity(whole, truth) > aligned[1] + 0.35
