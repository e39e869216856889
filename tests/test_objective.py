"""What prompts are trained on, against what they are judged by."""

import numpy as np
import pytest
import torch

from promptsearch.errors import PLMError, VerbalizerError
from promptsearch.objective import LabelObjective
from promptsearch.plms.base import AnswerScoring
from promptsearch.readings import label_log_probs
from promptsearch.scoring import fit_none
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from promptsearch.verbalizer import Answer, Verbalizer
from tests.plms.zoo import adapter

EXAMPLES = [Example({"text": text}) for text in ("good", "It was a terrible film.", "")]
WEIGHTS = ((2.0, 0.5, 0.0), (1.0, 0.25), (1.0,))


def six_words(plm, template):
    """Words of one token."""
    texts = dict.fromkeys(text.strip() for text in plm.vocabulary("a ") if text.strip().isalpha())
    spelled = zip(texts, plm.spelled_ids(template, list(texts)))
    return [word for word, ids in spelled if ids is not None and len(ids) == 1][-6:]


@pytest.mark.parametrize("aggregation", ["marginal", "mean-log", "sum-log"])
@pytest.mark.parametrize("case", ["exact", "any"])
@pytest.mark.parametrize("name", ["bert", "gemma-capped", "cohere-scaled", "gpt2"])
def test_labels_have_the_probabilities_they_are_judged_by(name, case, aggregation):
    plm = adapter(name)
    template = Template.parse("{text} It was {mask}")
    words = iter(six_words(plm, template))
    answers = tuple(tuple(Answer(next(words), weight) for weight in weights) for weights in WEIGHTS)
    verbalizer = Verbalizer((0, 1, 2), answers, aggregation, case)
    expected = label_log_probs(plm, template, verbalizer, fit_none(), AnswerScoring(), EXAMPLES)
    hidden = torch.from_numpy(plm.answer_states(template, EXAMPLES).hidden).requires_grad_()
    found = LabelObjective.of(plm, template, verbalizer).log_probs(hidden)
    np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-5)
    found[:, 0].sum().backward()
    assert hidden.grad is not None
    assert bool(hidden.grad.isfinite().all())
    assert bool(hidden.grad.any())


def test_answers_of_several_tokens():
    with pytest.raises(VerbalizerError, match="the answer 'very good' has 2 tokens on bert") as caught:
        LabelObjective.of(
            adapter("bert"), Template.parse("{text} {mask}"), Verbalizer.of([["bad"], ["very good"]], [0, 1])
        )
    assert caught.value.hint == "Give another word, or let `promptsearch words` find some."


def test_a_plm_elsewhere():
    class Elsewhere:
        identity = adapter("bert").identity

    with pytest.raises(PLMError, match="bert gives no gradients"):
        LabelObjective.of(
            Elsewhere(), Template.parse("{text} {mask}"), Verbalizer.of([["bad"], ["good"]], [0, 1])
        )
