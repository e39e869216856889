"""What a training does by default where it depends on how many examples there are."""

from __future__ import annotations

from dataclasses import replace

from promptsearch.engines.soft.config import Loss
from promptsearch.engines.soft.encoders import RATES
from promptsearch.tuning.config import TuneConfig

FEW = 1000
"""Train examples below which they are few. Between 128, where what is done with few did better, and 4,000,
where it did worse (a prefix on minilm-mlm: 75.6 % on SST-2, and 79.6), nothing was measured."""
# On two draws of 16 examples a class of SST-2, a prefix at the rate for many had SmolLM2 forget its prompt
# after five steps.
_SLOWER = 10


def settled(config: TuneConfig, examples: int) -> TuneConfig:
    """The config with its loss, and the rate of a prefix, as they are for so many train examples.

    A prompt that is trained alone on few of them learns slowly and by the generalised cross-entropy: it could
    learn them by heart, those that are odd included.
    """
    few = config.strategy == "fixed-lm" and examples < FEW
    loss: Loss = config.loss or ("gce" if few else "ce")
    rate = config.rate
    if few and config.trains_prefix and rate is None:
        rate = RATES[config.parameterisation] / _SLOWER
    return replace(config, loss=loss, rate=rate)
