import pytest
import torch

from promptsearch.engines.soft.losses import losses

LOG_PROBS = torch.log(torch.tensor([[0.5, 0.3, 0.2], [0.9, 0.05, 0.05]], dtype=torch.float64))
TARGETS = torch.tensor([[0.0, 1.0, 0.0], [0.25, 0.75, 0.0]], dtype=torch.float64)


def test_cross_entropy_is_that_of_torch():
    expected = torch.nn.functional.cross_entropy(LOG_PROBS, TARGETS, reduction="none")
    torch.testing.assert_close(losses("ce", LOG_PROBS, TARGETS), expected)


def test_generalised_cross_entropy_is_one_less_a_power_of_the_probability():
    found = losses("gce", LOG_PROBS, TARGETS)
    assert found[0] == pytest.approx((1 - 0.3**0.7) / 0.7)
    # Of a distribution it is the mean over labels.
    assert found[1] == pytest.approx(0.25 * (1 - 0.9**0.7) / 0.7 + 0.75 * (1 - 0.05**0.7) / 0.7)


@pytest.mark.parametrize("wrong", [0.5, 0.9, 0.999999])
def test_its_gradient_is_that_of_cross_entropy_by_a_power_of_the_probability(wrong):
    """dL/dz = p^q times that of -log p: an example that is far off pulls little."""

    def gradient(kind):
        logits = torch.tensor([[wrong, 1 - wrong]], dtype=torch.float64).log().requires_grad_()
        loss = losses(kind, logits.log_softmax(dim=1), torch.tensor([[0.0, 1.0]], dtype=torch.float64))
        return torch.autograd.grad(loss.sum(), logits)[0]

    torch.testing.assert_close(gradient("gce"), gradient("ce") * (1 - wrong) ** 0.7)


def test_both_are_nothing_where_the_label_is_certain():
    certain = torch.tensor([[0.0, -40.0]], dtype=torch.float64)
    target = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    for kind in ("ce", "gce"):
        assert float(losses(kind, certain, target)) == pytest.approx(0.0, abs=1e-12)
