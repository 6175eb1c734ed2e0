"""The paper's losses: worked out by hand, without effect where all is equal, and pulling where it is not."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from carving.errors import UsageError
from restore.paper.paper_losses import EPSILON, adversarial, charbonnier, edge, feature_matching, sobel
from restore.paper.vgg import FILE_NAME, VggLoss, _layers, find_weights


def test_adversarial_by_hand() -> None:
    judged = [[torch.zeros(1), torch.tensor([0.0, 1.0])], [torch.zeros(1), torch.tensor([0.5])]]
    assert float(adversarial(judged, 1.0)) == pytest.approx(0.5 + 0.25)
    assert float(adversarial(judged, 0.0)) == pytest.approx(0.5 + 0.25)
    assert float(adversarial([[torch.tensor([1.0, 1.0])]], 1.0)) == 0.0


def test_feature_matching_by_hand() -> None:
    verdict = torch.tensor([9.0])
    made = [
        [torch.tensor([1.0, 3.0]), torch.tensor([2.0]), verdict],
        [torch.tensor([0.0]), torch.tensor([0.0]), verdict],
    ]
    true = [
        [torch.tensor([0.0, 0.0]), torch.tensor([5.0]), -verdict],
        [torch.tensor([0.0]), torch.tensor([1.0]), verdict],
    ]
    # 4 over two layers times (2 + 3), and times (0 + 1); the mean of both
    assert float(feature_matching(made, true)) == pytest.approx((2 * 5 + 2 * 1) / 2)


def test_features_of_the_true_picture_are_no_target_to_move() -> None:
    made, true = torch.ones(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    torch.autograd.backward(feature_matching([[made, made]], [[true, true]]))
    assert made.grad is not None
    assert true.grad is None


def test_sobel_of_a_ramp_is_its_slope() -> None:
    ramp = torch.arange(6.0).expand(1, 3, 5, 6)
    found = sobel(ramp)
    assert found.shape == (1, 1, 5, 6)
    assert torch.allclose(found[..., 1:-1, 1:-1], torch.tensor(8.0), atol=1e-4)
    assert torch.allclose(sobel(ramp.transpose(2, 3))[..., 1:-1, 1:-1], torch.tensor(8.0), atol=1e-4)
    assert torch.allclose(sobel(torch.zeros(1, 3, 5, 6)), torch.tensor(1e-3))


def test_edge_by_hand() -> None:
    flat, ramp = torch.zeros(1, 3, 3, 3), torch.arange(3.0).expand(1, 3, 3, 3)
    expected = (sobel(ramp) - 1e-3).square().mean()
    assert float(edge(ramp, flat)) == pytest.approx(float(expected), rel=1e-5)
    assert float(edge(ramp, ramp)) == 0.0


def test_charbonnier_by_hand() -> None:
    made = [torch.full((1, 3, 2, 2), 0.3), torch.zeros(1, 3, 4, 4)]
    true = [torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 4, 4)]
    expected = (math.sqrt(0.09 + EPSILON**2) + EPSILON) / 2
    assert float(charbonnier(made, true)) == pytest.approx(expected, rel=1e-5)


def charbonnier_of_one(made: Tensor, true: Tensor) -> Tensor:
    return charbonnier([made], [true])


@pytest.mark.parametrize("loss", [edge, charbonnier_of_one])
def test_losses_pull_towards_the_truth(loss: object) -> None:
    assert callable(loss)
    true = torch.rand(1, 3, 8, 8)
    made = (true * 0.5).requires_grad_()
    before = loss(made, true)
    before.backward()
    assert made.grad is not None
    assert torch.isfinite(made.grad).all()
    assert float(loss(made.detach() - 1e-3 * made.grad, true)) < float(before.detach())


def test_no_vgg_weights_are_told_as_absent_and_wrong_ones_refused(tmp_path: Path) -> None:
    assert find_weights(tmp_path) is None
    (tmp_path / FILE_NAME).write_bytes(b"no weights")
    found = find_weights(tmp_path)
    assert found is not None
    with pytest.raises(UsageError, match="VGG-19"):
        VggLoss(found)


def test_the_vgg_loss_compares_five_sizes(tmp_path: Path) -> None:
    features, taken = _layers()
    # relu1_1, relu2_1, relu3_1, relu4_1, relu5_1 in torchvision's numbering of VGG-19
    assert sorted(taken) == [1, 6, 11, 20, 29]
    state = {f"features.{name}": tensor.half() for name, tensor in features.state_dict().items()}
    torch.save(state, tmp_path / FILE_NAME)
    loss = VggLoss(tmp_path / FILE_NAME)
    true = torch.rand(1, 3, 32, 32) * 2 - 1
    made = (true * 0.5).requires_grad_()
    assert float(loss(true, true)) == 0.0
    found = loss(made, true)
    assert float(found.detach()) > 0
    found.backward()
    assert made.grad is not None
    assert made.grad.abs().sum() > 0
