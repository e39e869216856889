"""A prompt whose trigger is no longer the tokens that were found is refused when it is used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from promptsearch import load_prompt
from promptsearch.artefact import PromptDocument
from promptsearch.engines.base import Candidate
from promptsearch.errors import PromptFileError
from promptsearch.plms.base import AnswerScoring
from promptsearch.plms.local import LocalPLM
from promptsearch.prompt import Prompt
from promptsearch.scoring import Calibration
from promptsearch.study.documents import prompt_document
from promptsearch.study.transfer import transfer
from promptsearch.template import Template
from promptsearch.trigger import check_trigger_tokens
from tests.study.reviews import WORDS, reviews, tried

FREE = "{text} {trigger*3} {mask}"


def ids_of(plm: LocalPLM, words: str) -> list[int]:
    """Tokens of words where they follow a text."""
    return plm.word_ids(Template.parse("{text} {mask}"), [words])[0]


def candidate(plm: LocalPLM, ids: Sequence[int], exact: bool = False, free: str = FREE) -> Candidate:
    """What the engine `trigger` yields for these tokens."""
    template, groups = Template.parse(free), [list(ids)]
    text = plm.trigger_texts(template, groups)
    filled = template.with_tokens(groups) if exact else template.with_words(text)
    return Candidate(filled, WORDS, "trigger", {"trigger": {"template": free, "ids": groups, "text": text}})


def document(plm: LocalPLM, found: Candidate) -> PromptDocument:
    return prompt_document(reviews(), plm, found, Calibration(), AnswerScoring(), seed=0)


def altered(given: PromptDocument, **changes: Any) -> PromptDocument:
    """The document with other ids or text in its trigger, the template in step with it."""
    data = json.loads(given.model_dump_json())
    data["trigger"]["groups"][0] |= changes
    free = Template.parse(data["trigger"]["template"])
    data["template"] = str(free.with_words([data["trigger"]["groups"][0]["text"]]))
    return PromptDocument.model_validate_json(json.dumps(data))


@pytest.mark.parametrize("exact", [False, True])
def test_a_saved_trigger_answers_as_it_did(minilm, tmp_path, exact):
    found = document(minilm, candidate(minilm, ids_of(minilm, "mood film quite"), exact))
    assert ("{ids:" in found.template) == exact
    Prompt(found, _plm=minilm).save(tmp_path / "p.json")
    prompt = load_prompt(tmp_path / "p.json")
    prompt.use(minilm)
    assert prompt.document == found
    texts = ["a gorgeous, witty film", "two hours of nothing"]
    before = Prompt(found, _plm=minilm).predict(texts)
    assert [each.probabilities for each in prompt.predict(texts)] == [each.probabilities for each in before]


def test_text_and_ids_answer_alike(minilm):
    ids = ids_of(minilm, "mood film quite")
    examples = reviews().dev
    plain, exact = (
        Prompt(document(minilm, candidate(minilm, ids, exact)), _plm=minilm).label_log_probs(examples)
        for exact in (False, True)
    )
    assert plain == pytest.approx(exact, abs=1e-6)


def test_other_tokens_than_those_that_were_found_are_refused(minilm):
    ids = ids_of(minilm, "mood film quite")
    other = ids_of(minilm, "mood plot quite")
    found = altered(document(minilm, candidate(minilm, ids)), ids=other)
    with pytest.raises(PromptFileError) as caught:
        Prompt(found).use(minilm)
    assert "becomes other tokens than those that were found" in caught.value.message
    assert caught.value.where == f"' mood film quite': {ids[1]} here, {other[1]} in the prompt file"
    assert "take the same revision of the PLM" in str(caught.value.hint)


def test_text_that_falls_into_more_tokens_is_refused(minilm):
    """Two pieces of one word, found as tokens of their own: read as text they are another word."""
    first, second = ids_of(minilm, "good film")
    found = altered(
        document(minilm, candidate(minilm, [first, second], free="{text} {trigger*2} {mask}")),
        text=" goodfilm",
    )
    with pytest.raises(PromptFileError) as caught:
        check_trigger_tokens(found, minilm)
    same, here = ids_of(minilm, "goodfilm")
    assert same == first
    assert caught.value.where == f"' goodfilm': {here} here, {second} in the prompt file"


def test_exact_ids_are_what_they_were_whatever_their_text(minilm):
    word, piece = ids_of(minilm, "filmx")[:2]
    found = document(minilm, candidate(minilm, [word, piece, word], exact=True))
    check_trigger_tokens(found, minilm)


def test_ids_that_the_plm_does_not_have(minilm):
    found = altered(document(minilm, candidate(minilm, ids_of(minilm, "mood film quite"))), ids=[1, 2, 10**6])
    with pytest.raises(PromptFileError, match=r"is not of this PLM: .*token id 1000000"):
        check_trigger_tokens(found, minilm)


def test_a_prompt_without_a_trigger_has_nothing_to_check(minilm):
    plain = Candidate(Template.parse("{text} It was {mask}."), WORDS, "manual")
    assert document(minilm, plain).trigger is None
    check_trigger_tokens(document(minilm, plain), minilm)


def test_another_plm_is_given_the_text(minilm):
    """Under a name of its own the same PLM reads the text as it reads the tokens."""
    found = candidate(minilm, ids_of(minilm, "mood film quite"), exact=True)
    trial = tried(minilm, str(found.template), method="none", provenance=found.provenance)
    moved = transfer({"mine": minilm, "theirs": minilm}, {"mine": trial}, reviews())
    mine, theirs = moved.rows[0]
    assert mine is not None
    assert theirs is not None
    assert theirs.log_likelihood == pytest.approx(mine.log_likelihood, abs=1e-5)
