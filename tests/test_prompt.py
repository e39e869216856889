from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from promptsearch.artefact import CalibrationRecord, PLMRecord, PromptDocument, VerbalizerRecord
from promptsearch.errors import DataError, PLMError
from promptsearch.plms import load_plm
from promptsearch.plms.cache import StateCache
from promptsearch.predicting import as_example
from promptsearch.prompt import Prompt, load_prompt
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

WORDS = Verbalizer.of({"no": ["bad", "terrible"], "yes": "good"}, ["no", "yes"])


def document(template: str = "{text} It was {mask}.", words: Verbalizer = WORDS, **parts) -> PromptDocument:
    return PromptDocument(
        template=template,
        verbalizer=VerbalizerRecord.from_verbalizer(words),
        plm=PLMRecord(reference="minilm-mlm", family="masked"),
        **parts,
    )


@pytest.fixture
def prompt(minilm):
    return Prompt(document(), _plm=minilm)


@pytest.fixture
def pair(minilm):
    return Prompt(document("{text_a}? {mask}, {text_b}"), _plm=minilm)


# What is given ---------------------------------------------------------------------------------------


def test_one_text_many_texts_and_mappings_are_the_same(prompt):
    (one,) = prompt.predict("a good film")
    listed = prompt.predict(["a good film", {"text": "a good film"}])
    mapped = prompt.predict({"text": "a good film", "unused": 3})
    for other in (*listed, *mapped, *prompt.predict(iter(["a good film"]))):
        assert other.label == one.label
        assert other.probabilities == pytest.approx(dict(one.probabilities), abs=1e-5)
    assert prompt.predict([]) == []


def test_a_pair_needs_both_its_fields(pair):
    assert pair.predict({"text_a": "It rains.", "text_b": "It is wet."})[0].label in ("no", "yes")
    with pytest.raises(DataError, match="reads 2 fields, but one text was given") as caught:
        pair.predict("It rains.")
    assert caught.value.hint == "Give each of text_a, text_b."
    with pytest.raises(DataError, match="lacks the field 'text_b'") as caught:
        pair.predict([{"text_a": "a", "text_b": "b"}, {"text_a": "a", "b": "b"}])
    assert "given are text_a, b" in str(caught.value.hint)


@pytest.mark.parametrize("nothing", [None, "", "  ", float("nan")])
def test_a_value_that_is_missing_is_an_empty_text(pair, nothing):
    (found,) = pair.predict({"text_a": "It rains.", "text_b": nothing})
    (empty,) = pair.predict({"text_a": "It rains.", "text_b": ""})
    assert found == empty


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (True, "True"), (2.5, "2.5"), (np.int64(3), "3"), ("\ud83d\ude00 \ud83d", "😀 �")],
)
def test_values_become_text(value, text):
    assert as_example({"text": value}, ["text"]) == Example({"text": text})


@pytest.mark.parametrize("wrong", [["a"], {"b": 1}, b"bytes"])
def test_values_that_are_no_text(wrong):
    with pytest.raises(DataError, match=r"holds a (list|dict|bytes), not a text"):
        as_example({"text": wrong}, ["text"])


@pytest.mark.parametrize("wrong", [[3], [None], [["a"]], b"ab"])
def test_texts_that_are_none(prompt, wrong):
    with pytest.raises(DataError, match="must be a string or a mapping of fields, not"):
        prompt.predict(wrong)


def test_a_template_that_reads_nothing(minilm):
    with pytest.raises(DataError, match="reads no field"):
        Prompt(document("It was {mask}."), _plm=minilm).predict("a film")


# What comes out --------------------------------------------------------------------------------------


def test_probabilities_are_those_of_the_words(prompt, minilm):
    """Two words of equal weight make the mean of their probabilities, then labels are normalised."""
    template, example = Template.parse("{text} It was {mask}."), Example({"text": "a good film"})
    states = minilm.answer_states(template, [example])
    ids = [ids[0] for ids in minilm.word_ids(template, ["bad", "terrible", "good"])]
    bad, terrible, good = np.exp(minilm.word_scores(states, ids)[0].astype(float))
    no = (bad + terrible) / 2
    (found,) = prompt.predict("a good film")
    assert found.probabilities == pytest.approx({"no": no / (no + good), "yes": good / (no + good)}, rel=1e-4)
    assert found.label == ("yes" if good > no else "no")


def test_calibrations_are_taken_off(prompt, minilm):
    (plain,) = prompt.predict("a good film")
    odds = np.log(plain.probabilities["yes"] / plain.probabilities["no"])
    by_label = CalibrationRecord(method="batch", label_offsets=(-0.5, 1.0))
    (found,) = Prompt(document(calibration=by_label), _plm=minilm).predict("a good film")
    assert np.log(found.probabilities["yes"] / found.probabilities["no"]) == pytest.approx(
        odds - 1.5, abs=1e-4
    )
    by_word = CalibrationRecord(method="pmi", word_offsets={"good": 1.0, "terrible": -0.5, "bad": -0.5})
    (found,) = Prompt(document(calibration=by_word), _plm=minilm).predict("a good film")
    assert np.log(found.probabilities["yes"] / found.probabilities["no"]) == pytest.approx(
        odds - 1.5, abs=1e-4
    )


def test_what_cannot_be_scored_is_no_class(prompt, minilm, monkeypatch):
    nowhere = CalibrationRecord(method="pmi", word_offsets={"good": 0.0, "terrible": 0.0, "bad": 0.0})
    lost = Prompt(document(calibration=nowhere), _plm=minilm)
    scores = minilm.word_scores
    monkeypatch.setattr(minilm, "word_scores", lambda *given: scores(*given) * float("nan"))
    (found,) = lost.predict("a good film")
    assert found.label is None
    assert all(np.isnan(value) for value in found.probabilities.values())


def test_the_order_of_many_texts_is_kept(prompt):
    texts = [f"{'good ' * (i % 7)}film number {i}" for i in range(40)]
    together = prompt.predict(texts)
    for text, found in zip(texts[:8], together, strict=False):
        alone = prompt.predict(text)[0]
        assert found.probabilities == pytest.approx(dict(alone.probabilities), abs=1e-4)


def test_a_long_text_is_shortened_and_marked(prompt):
    short, long = prompt.predict(["a good film", "a good film " * 400])
    assert (short.shortened, long.shortened) == (False, True)
    assert long.label is not None


def test_answers_of_several_tokens(minilm):
    words = Verbalizer.of({"no": "not very good", "yes": "good"}, ["no", "yes"])
    (found,) = Prompt(document(words=words), _plm=minilm).predict("a good film")
    template, example = Template.parse("{text} It was {mask}."), Example({"text": "a good film"})
    sums = np.exp(minilm.answer_log_probs(template, [example], ["not very good", "good"])[0].astype(float))
    assert found.probabilities["yes"] == pytest.approx(sums[1] / sums.sum(), rel=1e-4)


def test_texts_to_predict_do_not_fill_the_cache(tmp_path):
    plm = load_plm("minilm-mlm", device="cpu", dtype="float32", cache=False)
    plm.cache = StateCache(tmp_path)
    prompt = Prompt(document(), _plm=plm)
    (found,) = prompt.predict("a good film")
    assert not list(tmp_path.iterdir())
    log_probs = prompt.label_log_probs([Example({"text": "a good film"})])
    assert np.exp(log_probs[0]) == pytest.approx(list(found.probabilities.values()), abs=1e-6)
    assert list(tmp_path.glob("*/*.safetensors"))


# The PLM ---------------------------------------------------------------------------------------------


def test_reading_a_prompt_needs_no_torch(prompt_file):
    script = (
        "import sys; from promptsearch import load_prompt; prompt = load_prompt(sys.argv[1]);"
        "prompt.template, prompt.verbalizer, prompt.fields;"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script, prompt_file], check=False).returncode == 0


def test_the_plm_is_loaded_once_and_late(prompt_file, monkeypatch):
    import promptsearch.plms

    calls = []
    load = promptsearch.plms.load_plm
    monkeypatch.setattr(promptsearch.plms, "load_plm", lambda *a, **k: calls.append((a, k)) or load(*a, **k))
    prompt = load_prompt(prompt_file, device="cpu", offline=True)
    assert calls == []
    prompt.predict("a film")
    prompt.predict("a film")
    ((arguments, options),) = calls
    assert arguments == ("minilm-mlm",)
    assert options["dtype"] == "float32"
    assert options["offline"] is True


def test_other_weights_are_refused_unless_the_file_says_otherwise(prompt_file):
    found = load_prompt(prompt_file)
    plm = found.document.plm
    other = found.document.model_copy(update={"plm": plm.model_copy(update={"weights_sha256": "0" * 64})})
    with pytest.raises(PLMError, match="are not those the prompt was found on"):
        Prompt(other).predict("a film")
    free = found.document.model_copy(update={"plm": plm.model_copy(update={"weights_sha256": None})})
    assert Prompt(free).predict("a film") == found.predict("a film")


def test_save_and_load(prompt, tmp_path):
    prompt.save(tmp_path / "prompt.json")
    again = load_prompt(tmp_path / "prompt.json")
    assert again.document == prompt.document
    assert replace(again, _plm=prompt.plm).predict("a film") == prompt.predict("a film")
