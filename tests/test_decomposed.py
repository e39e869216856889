"""Tasks asked label by label, against one question after the other."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path

import numpy as np
import pytest

from promptsearch.artefact import PromptDocument
from promptsearch.decomposed import Decomposition, decomposes, label_log_probs
from promptsearch.errors import OptionError, PromptFileError
from promptsearch.plms.base import AnswerScoring
from promptsearch.prompt import load_prompt
from promptsearch.readings import word_log_probs
from promptsearch.soft import SoftTemplate, SoftVectors
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.artefact.files import whole
from tests.plms.zoo import CAUSAL, MASKED, SEQ2SEQ, adapter

EXAMPLES = [Example({"text": text}) for text in ("good", "It was a terrible film, and the acting was worse.")]
TEMPLATE = Template.parse("{text} Was it {label}? It was {mask}")
WORDS = Verbalizer.of([["very bad", "poor"], "film", "good"], ["low", "mid", "high"])
ASKED = Decomposition("good", "bad")


def test_each_label_gets_a_question_with_its_first_word():
    assert [str(question) for question in ASKED.questions(TEMPLATE, WORDS)] == [
        "{text} Was it very bad? It was {mask}",
        "{text} Was it film? It was {mask}",
        "{text} Was it good? It was {mask}",
    ]


@pytest.mark.parametrize("name", [*MASKED, *CAUSAL, *SEQ2SEQ])
def test_labels_stand_to_each_other_as_the_odds_of_yes(name):
    plm = adapter(name)
    found = label_log_probs(plm, ASKED.questions(TEMPLATE, WORDS), ASKED.answers, EXAMPLES)
    for example, row in zip(EXAMPLES, found):
        odds = []
        for words in ("very bad", "film", "good"):
            question = Template.parse(f"{{text}} Was it {words}? It was {{mask}}")
            scoring = AnswerScoring("token")
            yes, no = word_log_probs(plm, question, ["good", "bad"], [example], scoring)[0].astype(float)
            odds.append(np.exp(yes - no))
        np.testing.assert_allclose(np.exp(row), np.array(odds) / sum(odds), atol=1e-4)


def test_of_many_questions_only_some_are_in_memory_at_once(monkeypatch):
    plm = adapter("gpt2")
    questions = [Template.parse(f"{{text}} Is it {number}? It was {{mask}}") for number in range(40)]
    one_by_one = np.hstack(
        [
            np.diff(word_log_probs(plm, each, ["bad", "good"], EXAMPLES, AnswerScoring("token")), axis=1)
            for each in questions
        ]
    )
    alive: list[weakref.ref] = []
    together: list[int] = []
    read = plm.answer_states_of

    def counted(templates, *rest):
        found = read(templates, *rest)
        alive.extend(weakref.ref(states.hidden) for states in found)
        gc.collect()
        together.append(sum(ref() is not None for ref in alive))
        return found

    monkeypatch.setattr(plm, "answer_states_of", counted)
    found = label_log_probs(plm, questions, ASKED.answers, EXAMPLES, keep=False)
    expected = np.exp(one_by_one) / np.exp(one_by_one).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(found), expected, atol=1e-5)
    assert together == [16, 16, 8]


def test_without_examples_nothing_is_read():
    assert label_log_probs(adapter("bert"), ASKED.questions(TEMPLATE, WORDS), ASKED.answers, []).shape == (
        0,
        3,
    )


def test_a_field_of_that_name_is_a_field():
    assert decomposes(TEMPLATE, ("text",))
    assert not decomposes(TEMPLATE, ("text", "label"))
    assert not decomposes(Template.parse("{text} {mask}"), ("text",))


@pytest.mark.parametrize(("yes", "no"), [("yes", "yes"), ("", "no"), ("yes", " ")])
def test_two_answers_are_needed(yes, no):
    with pytest.raises(OptionError, match="two different answers"):
        Decomposition(yes, no)


# Soft tokens ------------------------------------------------------------------------------------------


def test_soft_tokens_are_shared_between_labels_or_each_labels_own():
    template = Template.parse("{soft*1} {text} {label}? {soft*2} {mask}")
    words = Verbalizer.of(["a", "b"], [0, 1])
    array = np.arange(12, dtype=np.float32).reshape(6, 2)
    shared = ASKED.questions(template, words, SoftVectors(array[:3], (1, 2)))
    assert [question.vectors.array.tolist() for question in shared] == [array[:3].tolist()] * 2
    own = Decomposition("good", "bad", shared=False).questions(
        template, words, SoftVectors(array, (1, 2, 1, 2))
    )
    assert [question.vectors.array.tolist() for question in own] == [array[:3].tolist(), array[3:].tolist()]
    assert all(isinstance(question, SoftTemplate) for question in own)


@pytest.mark.parametrize("groups", [(1, 2), (1, 2, 2, 1), (3,)])
def test_vectors_of_other_groups_cannot_be_split(groups):
    with pytest.raises(ValueError, match="not 2 times the same"):
        SoftVectors(np.ones((sum(groups), 2), dtype=np.float32), groups).split(2)


# Files ------------------------------------------------------------------------------------------------


def asked(**changes) -> dict:
    decomposition = {"yes": "yes", "no": "no", "shared": True}
    own = {"template": "{text} {label}? {mask}", "decomposition": decomposition, "readout": None}
    return {**whole(), **own, "calibration": {"method": "none"}, **changes}


def test_a_prompt_file_tells_how_it_asks(tmp_path: Path):
    path = tmp_path / "asked.json"
    path.write_text(json.dumps(asked()), "utf-8")
    prompt = load_prompt(path)
    assert prompt.fields == ("text",)
    assert prompt.answers.words == ("no", "yes")
    words = [answers[0].text for answers in prompt.verbalizer.answers]
    assert [str(each) for each in prompt.questions] == [f"{{text}} {word}? {{mask}}" for word in words]
    prompt.save(tmp_path / "again.json")
    assert load_prompt(tmp_path / "again.json").document == prompt.document


def test_other_prompt_files_do_not_speak_of_it():
    assert "decomposition" not in PromptDocument.model_validate(whole()).model_dump(mode="json")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"template": "{text} {mask}"}, "template: has no {label}"),
        ({"decomposition": {"yes": "no", "no": "no"}}, "two different answers"),
        ({"decomposition": {"yes": "yes", "no": "no", "shared": False}}, "soft: is missing"),
        ({"calibration": {"method": "batch", "label_offsets": [0.0, 0.0]}}, 'calibration: should be "none"'),
    ],
)
def test_files_that_do_not_hold_together_are_refused(changes, said, tmp_path: Path):
    path = tmp_path / "asked.json"
    path.write_text(json.dumps(asked(**changes)), "utf-8")
    with pytest.raises(PromptFileError) as refused:
        load_prompt(path)
    assert said in str(refused.value)
