"""The restorer's parts: shapes, gradients, values worked out by hand, and that it begins as the thumbnail alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from restore.gca.blocks import ChannelNorm, GatedBlock, gate
from restore.gca.inputs import FARTHEST, distance, network_input
from restore.gca.restorer import SIZES, Restorer, RestorerSize
from restore.gca.training.losses import FLOOR, gradient_difference, hole_decibels

TINY = RestorerSize((4, 6, 8), (1, 1, 1))


def test_channel_norm_makes_channels_of_a_pixel_comparable() -> None:
    features = torch.tensor([1.0, 3.0]).reshape(1, 2, 1, 1).expand(1, 2, 3, 5)
    assert torch.allclose(ChannelNorm(2)(features)[0, :, 1, 2], torch.tensor([-1.0, 1.0]), atol=1e-3)


def test_gate_multiplies_halves() -> None:
    assert gate(torch.tensor([[2.0, 3.0, 5.0, 7.0]]).reshape(1, 4, 1, 1)).flatten().tolist() == [10.0, 21.0]


def test_a_gated_block_keeps_shape_and_passes_gradients() -> None:
    block = GatedBlock(4)
    features = torch.randn(2, 4, 6, 10, requires_grad=True)
    block(features).square().sum().backward()
    assert features.grad is not None
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in block.parameters())


def test_a_gated_block_without_scale_changes_nothing() -> None:
    block = GatedBlock(4)
    torch.nn.init.zeros_(block.first_scale)
    torch.nn.init.zeros_(block.second_scale)
    features = torch.randn(1, 4, 5, 5)
    assert torch.equal(block(features), features)


@pytest.mark.parametrize("size", [TINY, SIZES["small"]])
def test_an_untrained_restorer_adds_nothing(size: RestorerSize) -> None:
    residual = Restorer(size)(torch.randn(2, 9, 2 * size.multiple, 3 * size.multiple))
    assert residual.shape == (2, 3, 2 * size.multiple, 3 * size.multiple)
    assert not residual.any()


def test_every_weight_of_the_restorer_learns() -> None:
    network = Restorer(TINY)
    torch.nn.init.normal_(network.leave.weight)
    network(torch.randn(1, 9, 24, 24)).square().sum().backward()
    still = [name for name, parameter in network.named_parameters() if not parameter.grad.any()]  # type: ignore[union-attr]
    assert still == []


def test_sizes_are_what_they_are_called() -> None:
    counts = {name: sum(weight.numel() for weight in Restorer(size).parameters()) for name, size in SIZES.items()}
    assert 0.7e6 < counts["small"] < 1.2e6
    assert 4e6 < counts["large"] < 7.5e6


def plain_distance(hole: NDArray[np.bool_]) -> NDArray[np.float32]:
    result = np.zeros(hole.shape, dtype=np.float32)
    for row, column in np.argwhere(hole):
        down, across = np.flatnonzero(~hole[:, column]), np.flatnonzero(~hole[row])
        result[row, column] = min([FARTHEST, *np.abs(down - row), *np.abs(across - column)])
    return result


@pytest.mark.parametrize("share", [0.0, 0.3, 0.97, 1.0])
def test_distance_is_to_the_nearest_known_pixel_of_row_or_column(share: float) -> None:
    hole = np.random.default_rng(5).random((40, 70)) < share
    assert np.array_equal(distance(hole), plain_distance(hole))


def test_input_planes_hold_what_they_say() -> None:
    filled = np.full((8, 8, 3), 255, dtype=np.uint8)
    guide = np.zeros((8, 8, 3), dtype=np.uint8)
    hole = np.zeros((8, 8), dtype=np.bool_)
    hole[2:4] = True
    planes = network_input(filled, guide, hole, ~hole)
    assert planes.dtype == np.float32
    assert planes[:, 2, 0].tolist() == [4.0, 4.0, 4.0, -0.5, -0.5, -0.5, 1.0, 0.0, 1 / FARTHEST]
    assert planes[6:, 0, 0].tolist() == [0.0, 1.0, 0.0]


def test_hole_decibels_by_hand() -> None:
    truth = torch.zeros(2, 3, 2, 2)
    predicted = torch.zeros(2, 3, 2, 2)
    hole = torch.zeros(2, 1, 2, 2)
    hole[:, :, 0] = 1
    predicted[0, :, 0] = 0.1
    predicted[:, :, 1] = 9.0  # outside the hole nothing counts
    expected = 5 * (math.log10(0.01 + FLOOR) + math.log10(FLOOR))
    assert float(hole_decibels(predicted, truth, hole)) == pytest.approx(expected, rel=1e-5)


def test_gradient_difference_by_hand() -> None:
    truth, hole = torch.zeros(1, 3, 1, 3), torch.zeros(1, 1, 1, 3)
    hole[..., 0] = 1
    predicted = torch.tensor([0.5, 0.0, 7.0]).expand(1, 3, 1, 3)
    assert float(gradient_difference(predicted, truth, hole)) == pytest.approx(0.5)


@pytest.mark.parametrize("loss", [hole_decibels, gradient_difference])
def test_losses_pull_towards_the_truth(loss: object) -> None:
    truth = torch.rand(2, 3, 8, 8)
    predicted = (truth + 0.1).requires_grad_()
    assert callable(loss)
    before = loss(predicted, truth, torch.ones(2, 1, 8, 8))
    if loss is gradient_difference:
        predicted = (truth * 0.5).requires_grad_()
        before = loss(predicted, truth, torch.ones(2, 1, 8, 8))
    before.backward()
    assert predicted.grad is not None
    after = loss(predicted.detach() - 1e-3 * predicted.grad, truth, torch.ones(2, 1, 8, 8))
    assert float(after) < float(before.detach())
