from __future__ import annotations

import numpy as np
import pytest

from promptsearch.artefact.decomposition import DecompositionRecord
from promptsearch.compose import PromptEnsemble
from promptsearch.errors import DataError, PLMError, TemplateError
from promptsearch.plms import load_plm
from promptsearch.plms.cache import StateCache
from promptsearch.prompt import Prompt
from promptsearch.scoring import fit_weights
from promptsearch.study.costs import cost_of
from promptsearch.tasks.task import Example
from promptsearch.verbalizer import Verbalizer
from tests.compose.prompts import OTHER, PAIR, document, two

TEXTS = ["a gorgeous, witty film", "", "dull and far too long"]
EXAMPLES = [Example({"text": text}, label) for text, label in zip(TEXTS, (1, None, 0))]


@pytest.fixture
def members(minilm):
    return two(minilm)


def probabilities(predictions) -> np.ndarray:
    return np.array([list(each.probabilities.values()) for each in predictions])


# What it says ----------------------------------------------------------------------------------------


def test_probabilities_are_weighted_geometric_means_of_the_members(members):
    one, other = (probabilities(member.predict(TEXTS)) for member in members)
    together = one**0.25 * other**0.75
    together /= together.sum(axis=1, keepdims=True)
    found = PromptEnsemble.of(members, [0.25, 0.75]).predict(TEXTS)
    assert probabilities(found) == pytest.approx(together, rel=1e-4)
    assert [each.label for each in found] == [("no", "yes")[best] for best in together.argmax(axis=1)]
    assert list(found[0].probabilities) == ["no", "yes"]


def test_an_ensemble_of_one_is_that_prompt(members):
    for found, alone in zip(PromptEnsemble.of(members[:1]).predict(TEXTS), members[0].predict(TEXTS)):
        assert found.label == alone.label
        assert found.probabilities == pytest.approx(dict(alone.probabilities), abs=1e-6)


def test_weights_are_equal_where_none_are_given(members):
    assert PromptEnsemble.of(members).weights == (0.5, 0.5)


def test_texts_are_given_as_to_a_prompt(members):
    ensemble = PromptEnsemble.of(members)
    (one,) = ensemble.predict("a good film")
    (mapped,) = ensemble.predict({"text": "a good film", "unused": 3})
    assert one == mapped
    assert ensemble.predict([]) == []
    with pytest.raises(DataError, match="lacks the field 'text'"):
        ensemble.predict({"review": "a good film"})


def test_members_may_read_their_fields_in_another_order(minilm):
    members = [Prompt(document(template), _plm=minilm) for template in PAIR]
    ensemble = PromptEnsemble.of(members)
    pair = {"text_a": "It rains.", "text_b": "It is wet."}
    one, other = (probabilities(member.predict(pair)) for member in members)
    together = np.sqrt(one * other)
    assert probabilities(ensemble.predict(pair)) == pytest.approx(together / together.sum(), rel=1e-4)
    with pytest.raises(TemplateError, match="text_b"):
        ensemble.check_fields(["text_a"])


def test_a_member_may_ask_label_by_label(minilm):
    words = Verbalizer.of({"no": "bad", "yes": "good"}, ["no", "yes"])
    record = DecompositionRecord(yes="true", no="false")
    asked = document("{text} It is {mask} that it was {label}.", words=words, decomposition=record)
    members = [Prompt(document(), _plm=minilm), Prompt(asked, _plm=minilm)]
    one, other = (probabilities(member.predict(TEXTS)) for member in members)
    together = np.sqrt(one * other)
    together /= together.sum(axis=1, keepdims=True)
    ensemble = PromptEnsemble.of(members)
    assert ensemble.fields == ("text",)
    assert probabilities(ensemble.predict(TEXTS)) == pytest.approx(together, rel=1e-4)
    assert cost_of(members[1:], EXAMPLES).passes == 2
    assert not members[1].shortened(EXAMPLES).any()


def test_answers_of_several_tokens_among_the_members(minilm):
    words = Verbalizer.of({"no": "not very good", "yes": "a very good film"}, ["no", "yes"])
    members = [Prompt(document(), _plm=minilm), Prompt(document(words=words), _plm=minilm)]
    one, other = (probabilities(member.predict(TEXTS)) for member in members)
    together = np.sqrt(one * other)
    together /= together.sum(axis=1, keepdims=True)
    assert probabilities(PromptEnsemble.of(members).predict(TEXTS)) == pytest.approx(together, rel=1e-4)


def test_a_text_that_one_member_cuts_is_shortened(minilm):
    n = minilm.max_tokens
    members = [
        Prompt(document("{text} {mask}"), _plm=minilm),
        Prompt(document("{text}" + " a" * 40 + " {mask}")),
    ]
    members[1].use(minilm)
    text = " ".join(["film"] * (n - 20))
    assert [member.predict(text)[0].shortened for member in members] == [False, True]
    assert PromptEnsemble.of(members).predict([text, "a film"])[0].shortened
    assert not PromptEnsemble.of(members).predict("a film")[0].shortened
    assert not PromptEnsemble.of(members, [1, 0]).predict(text)[0].shortened


# Weights ---------------------------------------------------------------------------------------------


def test_weights_are_fitted_on_labelled_examples(members):
    ensemble = PromptEnsemble.of(members)
    labelled = [EXAMPLES[0], EXAMPLES[2]]
    log_probs = np.stack([member.label_log_probs(labelled) for member in members])
    for strength in (0.5, 20.0):
        expected = fit_weights(log_probs, [1, 0], strength)
        assert ensemble.fitted(EXAMPLES, strength).weights == pytest.approx(expected, abs=1e-4)
    assert ensemble.fitted(EXAMPLES).weights == pytest.approx(fit_weights(log_probs, [1, 0]), abs=1e-4)
    assert ensemble.weights == (0.5, 0.5)
    with pytest.raises(DataError, match="fitted on labelled examples"):
        ensemble.fitted(EXAMPLES[1:2])


def test_what_members_say_by_themselves(members):
    found = PromptEnsemble.of(members, [1, 0]).member_log_probs(EXAMPLES)
    assert found.shape == (2, 3, 2)
    for rows, member in zip(found, members):
        assert rows == pytest.approx(member.label_log_probs(EXAMPLES), abs=1e-4)


# PLMs ------------------------------------------------------------------------------------------------


def test_a_plm_of_several_members_is_loaded_once_and_late(monkeypatch):
    import promptsearch.plms

    calls = []
    monkeypatch.setattr(promptsearch.plms, "load_plm", lambda *a, **k: calls.append(a) or load_plm(*a, **k))
    ensemble = PromptEnsemble.of(two())
    assert ensemble.plm_references == ("minilm-mlm",)
    assert calls == []
    ensemble.predict(TEXTS)
    ensemble.predict(TEXTS)
    assert calls == [("minilm-mlm",)]
    assert len(ensemble.plms) == 1


def test_the_plm_of_a_member_without_weight_is_not_loaded(minilm):
    members = Prompt(document(), _plm=minilm), Prompt(document(reference="./nowhere"))
    ensemble = PromptEnsemble.of(members, [1, 0])
    (found,), (alone,) = ensemble.predict("a good film"), members[0].predict("a good film")
    assert found.probabilities == pytest.approx(dict(alone.probabilities), abs=1e-6)
    assert ensemble.plm_references == ("minilm-mlm",)
    with pytest.raises(PLMError):
        PromptEnsemble.of(members).predict("a good film")


def test_shared_weights_are_those_of_each_member(minilm):
    own = minilm.identity.weights_sha256
    members = [Prompt(document(sha256=sha256), "cpu") for sha256 in (own, "0" * 64)]
    with pytest.raises(PLMError, match="are not those the prompt was found on"):
        PromptEnsemble.of(members).predict("a good film")


def test_members_of_two_plms(minilm):
    """The same weights under two names, each loaded for itself."""
    other = load_plm("minilm-mlm", device="cpu", dtype="float32", cache=False)
    members = Prompt(document(), _plm=minilm), Prompt(document(words=OTHER, reference="other"), _plm=other)
    ensemble = PromptEnsemble.of(members)
    assert ensemble.plms == (minilm, other)
    assert ensemble.plm_references == ("minilm-mlm", "other")
    alike = PromptEnsemble.of([Prompt(member.document, _plm=minilm) for member in members])
    assert probabilities(ensemble.predict(TEXTS)) == pytest.approx(
        probabilities(alike.predict(TEXTS)), abs=1e-5
    )


def test_templates_of_one_plm_are_read_in_one_go(minilm, monkeypatch):
    words = Verbalizer.of({"no": "not very good", "yes": "a very good film"}, ["no", "yes"])
    members = [*two(minilm), Prompt(document("A {mask} {text}", words), _plm=minilm)]
    asked, read = [], minilm.answer_states_of
    monkeypatch.setattr(
        minilm, "answer_states_of", lambda templates, *rest: asked.append(templates) or read(templates, *rest)
    )
    PromptEnsemble.of(members).predict(TEXTS)
    # Answers of several tokens are not read off answer states, so none are made for them.
    assert [[str(template) for template in each] for each in asked] == [
        ["{text} It was {mask}.", "{mask} film: {text}"]
    ]


@pytest.mark.smollm2
def test_members_of_a_causal_plm_run_what_they_share_once():
    plm = load_plm("smollm2-135m", device="cpu", dtype="float32", cache=False)
    causal = {"reference": "smollm2-135m", "family": "causal"}
    members = []
    for end in ("It was", "All in all it was", "This is"):
        whole = document(f"{{text}} {end} {{mask}}")
        members.append(
            Prompt(whole.model_copy(update={"plm": whole.plm.model_copy(update=causal)}), _plm=plm)
        )
    text = "a gorgeous, witty film " * 20
    PromptEnsemble.of(members).predict("a film")  # finds out what this PLM can share
    before = plm.forward_tokens
    alone = [probabilities(member.predict(text)) for member in members]
    apart, before = plm.forward_tokens - before, plm.forward_tokens
    found = PromptEnsemble.of(members).predict(text)
    assert plm.forward_tokens - before < 0.5 * apart
    together = np.prod(alone, axis=0) ** (1 / 3)
    assert probabilities(found) == pytest.approx(together / together.sum(), rel=1e-3)


def test_texts_to_predict_do_not_fill_the_cache(tmp_path):
    plm = load_plm("minilm-mlm", device="cpu", dtype="float32", cache=False)
    plm.cache = StateCache(tmp_path)
    ensemble = PromptEnsemble.of(two(plm))
    ensemble.predict(TEXTS)
    assert not list(tmp_path.iterdir())
    ensemble.label_log_probs(EXAMPLES)
    assert len(list(tmp_path.glob("*/*.safetensors"))) == 2
