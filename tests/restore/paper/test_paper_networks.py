"""The paper's networks: its sizes, the shapes that come out, gradients everywhere, and values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from restore.lab.simulation.made_pictures import fractal_picture
from restore.paper.discriminator import Critics
from restore.paper.fusion import DetailBlock, LaplacianFusion, pyramid
from restore.paper.generator import CoarseGenerator, ResidualBlock
from restore.paper.paper_model import SIZES, PaperGca, inputs_of, to_pixels, to_tensor


def weights(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def without_gradient(module: nn.Module) -> list[str]:
    return [name for name, weight in module.named_parameters() if weight.grad is None or not weight.grad.any()]


def test_the_networks_have_the_papers_sizes() -> None:
    assert weights(CoarseGenerator()) == 17_374_995
    assert weights(Critics()) == 5_541_762
    assert round(weights(LaplacianFusion(2)) / 1e6, 2) == 1.12
    assert round(weights(LaplacianFusion(3)) / 1e6, 2) == 1.49


def test_the_generator_answers_in_full_size_within_its_range() -> None:
    network = CoarseGenerator(width=4, depth=2, blocks=1)
    inputs = torch.randn(2, 6, 2 * network.multiple, 4 * network.multiple, requires_grad=True)
    picture = network(inputs)
    assert picture.shape == (2, 3, 2 * network.multiple, 4 * network.multiple)
    assert float(picture.detach().abs().max()) <= 1.0
    (picture * torch.randn_like(picture)).sum().backward()
    assert inputs.grad is not None
    # a bias before a normalisation has no effect, and so no gradient but rounding
    assert [name for name in without_gradient(network) if not name.endswith("bias")] == []


def test_a_residual_block_without_filters_changes_nothing() -> None:
    block = ResidualBlock(3)
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    features = torch.randn(1, 3, 6, 6)
    assert torch.equal(block(features), features)


def test_the_critics_judge_two_resolutions() -> None:
    critics = Critics(width=4)
    judged = critics(torch.randn(1, 9, 64, 96))
    assert [len(features) for features in judged] == [5, 5]
    # kernel 4, padding 2: every layer of stride 2 gives n // 2 + 1, of stride 1 n + 1
    assert [tuple(features.shape) for features in judged[0]] == [
        (1, 4, 33, 49),
        (1, 8, 17, 25),
        (1, 16, 9, 13),
        (1, 32, 10, 14),
        (1, 1, 11, 15),
    ]
    assert judged[1][0].shape == (1, 4, 17, 25)
    torch.autograd.backward(torch.stack([features[-1].square().sum() for features in judged]).sum())
    assert [name for name in without_gradient(critics) if not name.endswith("bias")] == []


def test_a_detail_block_has_twelve_filters_without_bias() -> None:
    block = DetailBlock()
    filters = [layer for layer in block if isinstance(layer, nn.Conv2d)]
    assert len(filters) == 12
    assert all(layer.bias is None and layer.kernel_size == (3, 3) for layer in filters)
    assert block(torch.zeros(1, 3, 8, 8)).shape == (1, 3, 8, 8)
    assert not block(torch.zeros(1, 3, 8, 8)).any()


def test_the_fusion_gives_every_level_and_learns_everywhere() -> None:
    network = LaplacianFusion(2, width=4, filters=3)
    found = network(torch.randn(1, 3, 6, 8), torch.randn(1, 3, 24, 32))
    assert [tuple(level.shape[2:]) for level in found] == [(6, 8), (12, 16), (24, 32)]
    found[-1].square().sum().backward()
    assert without_gradient(network) == []


def test_the_fusion_without_detail_enlarges_the_thumbnail() -> None:
    network = LaplacianFusion(1, width=4, filters=2)
    for layer in (network.enter, list(network.enlarge.modules())[-1]):
        assert isinstance(layer, nn.Conv2d)
        nn.init.dirac_(layer.weight)
    for detail in network.details:
        for parameter in detail.parameters():
            nn.init.zeros_(parameter)
    thumbnail = torch.arange(12.0).reshape(1, 3, 2, 2)
    low, high = network(thumbnail, torch.randn(1, 3, 4, 4))
    assert torch.equal(low, thumbnail)
    assert torch.equal(high, thumbnail.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3))


def test_a_pyramid_of_one_colour_keeps_it() -> None:
    steps = pyramid(torch.full((1, 3, 16, 8), 0.25), 2)
    assert [tuple(step.shape[2:]) for step in steps] == [(4, 2), (8, 4), (16, 8)]
    assert all(torch.allclose(step, torch.tensor(0.25)) for step in steps)


@pytest.mark.parametrize("name", sorted(SIZES))
def test_what_the_networks_see_fits_their_size(name: str) -> None:
    size = SIZES[name]
    pixels = fractal_picture(64, 128, 1)
    inputs, low = inputs_of(pixels, fractal_picture(10, 20, 2), size.levels)
    assert inputs.shape == (6, 64, 128)
    assert low.shape == (3, 64 >> size.levels, 128 >> size.levels)
    assert np.array_equal(to_pixels(inputs[:3]), pixels)
    assert float(to_tensor(pixels).abs().max()) <= 1.0


def test_the_whole_network_runs() -> None:
    network = PaperGca(SIZES["tiny"])
    inputs, low = inputs_of(fractal_picture(64, 96, 1), fractal_picture(10, 15, 2), 1)
    parts: tuple[Tensor, Tensor] = (inputs[None], low[None])
    coarse, levels = network(*parts)
    assert coarse.shape == levels[-1].shape == (1, 3, 64, 96)
