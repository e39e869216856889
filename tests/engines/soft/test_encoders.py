import pytest
import torch

from promptsearch.engines.soft.encoders import MOST_WIDTH, FreeEncoder, NetworkEncoder, make_encoder
from promptsearch.engines.soft.starting import seeded

KINDS = ("lstm", "mlp", "free")
START = torch.arange(12.0).reshape(3, 4)


def moved(encoder):
    """The encoder with every parameter somewhere else, in float64."""
    encoder = encoder.double()
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter += torch.randn(parameter.shape, dtype=torch.float64) * 0.3
    return encoder


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_start_where_they_are_told(kind):
    assert torch.equal(make_encoder(kind, START, 0.5)(), START)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_finite_differences(kind):
    with seeded(1):
        encoder = moved(make_encoder(kind, START, 0.5, width=6))
        direction = torch.randn(3, 4, dtype=torch.float64)
    (encoder() * direction).sum().backward()
    for parameter in encoder.parameters():
        assert parameter.grad is not None
        flat = parameter.data.view(-1)
        for at in {0, len(flat) // 2, len(flat) - 1}:
            sums = []
            for step in (1e-6, -2e-6):
                flat[at] += step
                sums.append(float((encoder() * direction).sum().detach()))
            flat[at] += 1e-6
            expected = (sums[0] - sums[1]) / 2e-6
            assert float(parameter.grad.view(-1)[at]) == pytest.approx(expected, abs=1e-6)


def test_free_vectors_move_in_units_of_the_scale():
    encoder = FreeEncoder(START, 0.5)
    with torch.no_grad():
        encoder.offset += 2.0
    assert torch.equal(encoder(), START + 1.0)


def test_tokens_meet_in_the_lstm_only():
    for kind, meet in (("lstm", True), ("mlp", False)):
        with seeded(0):
            encoder = moved(make_encoder(kind, START, 1.0, width=4))
        assert isinstance(encoder, NetworkEncoder)
        encoder()[0].sum().backward()
        assert encoder.inputs.grad is not None
        assert bool(encoder.inputs.grad[2].any()) is meet


def test_a_width_is_even_and_no_wider_than_need_be():
    assert make_encoder("lstm", torch.zeros(1, 5), 1.0).inputs.shape == (1, 6)
    assert make_encoder("mlp", torch.zeros(1, 5), 1.0, width=3).inputs.shape == (1, 4)
    assert make_encoder("mlp", torch.zeros(1, MOST_WIDTH + 8), 1.0).inputs.shape == (1, MOST_WIDTH)


def test_weights_follow_from_the_seed_alone():
    torch.manual_seed(5)
    drawn = torch.randn(2)
    torch.manual_seed(5)
    encoders = []
    for _ in range(2):
        with seeded(3, 1):
            encoders.append(make_encoder("lstm", START, 1.0))
    for one, other in zip(*(encoder.parameters() for encoder in encoders)):
        assert torch.equal(one, other)
    assert torch.equal(torch.randn(2), drawn)  # the user's own generator was not touched
