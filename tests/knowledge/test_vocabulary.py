"""Which tokens may be label words, on random PLMs of each family and on the built-in one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from promptsearch.knowledge.vocabulary import PLMWords, WholeWords, WordFilter, vocabulary_of
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.zoo import CAUSAL, MASKED, adapter

SPACED = Template.parse("{text} It was {mask}")
UNSPACED = Template.parse("({text}) ({mask}")


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path))
    return tmp_path / "vocabulary"


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("movie", True),
        ("Bob", True),
        ("Übel", True),
        ("well-made", True),
        ("isn't", True),
        ("кино", True),
        ("it", False),
        ("", False),
        ("##ing", False),
        ("▁film", False),
        ("[UNK]", False),
        ("<s>", False),
        ("1984", False),
        ("3rd", False),
        ("mp3", False),
        ("-less", False),
        ("'tis", False),
        ("a film", False),
        ("film\n", False),
        ("fi\u200blm", False),
        ("a\ufffd\ufffd", False),
        ("今", True),
        ("今天", True),
        ("。", False),
    ],
)
def test_texts_that_may_be_label_words(text, allowed):
    assert WordFilter().allows(text) == allowed


def test_looser_filters():
    assert WordFilter(shortest=2).allows("it")
    assert not WordFilter(shortest=2).allows("i")
    assert WordFilter(letters=False).allows("1984")
    assert not WordFilter(letters=False).allows("a film")


@pytest.mark.parametrize("name", [*MASKED, *CAUSAL])
@pytest.mark.parametrize("template", [SPACED, UNSPACED], ids=str)
def test_every_word_of_one_token_is_there_once(name, template, cache):
    plm = adapter(name)
    found = vocabulary_of(plm, template)
    texts = sorted({text.strip() for text in plm.vocabulary()})
    usable = [text for text in texts if WordFilter().allows(text)]
    expected: dict[str, set[int]] = {}
    for text in usable:
        ids = plm.spelled_ids(template, [text])[0]
        if ids is not None and len(ids) == 1:
            expected.setdefault(text.lower(), set()).add(ids[0])
    assert expected
    assert {word.lower(): set(ids) for word, ids in zip(found.words, found.tokens)} == expected
    assert len({word.lower() for word in found.words}) == len(found)
    assert set(found.words) <= set(usable)


def test_spellings_that_differ_in_case_are_one_word():
    plm = adapter("gpt2")
    found = vocabulary_of(plm, SPACED)
    at = found.words.index("film")
    lower, capital = (ids[0] for ids in plm.word_ids(SPACED, ["film", "Film"]))
    assert found.tokens[at] == (lower, capital)
    assert "Film" not in found.words
    assert "This" in found.words  # there is no ` this`
    states = plm.answer_states(SPACED, [Example({"text": "great"}), Example({"text": "bad"})])
    both = np.exp(plm.word_scores(states, [lower, capital])).sum(axis=1)
    np.testing.assert_allclose(np.exp(found.log_probs(plm, states)[:, at]), both, rtol=1e-4)


def test_the_words_are_kept_in_the_cache(cache):
    plm = adapter("gpt2")
    found = vocabulary_of(plm, SPACED)
    files = list(cache.iterdir())
    assert len(files) == 1
    assert vocabulary_of(plm, Template.parse("Review: {text}\nSentiment: {mask}")) == found
    assert list(cache.iterdir()) == files
    assert vocabulary_of(plm, UNSPACED) != found
    assert vocabulary_of(plm, SPACED, WordFilter(shortest=5)) != found
    assert len(list(cache.iterdir())) == 3
    assert vocabulary_of(adapter("llama"), SPACED) != found


@pytest.mark.parametrize(
    "damage", [b"", b"[[", b"null", b"{}", b"[1, 2]", b'[["film"], []]', b'[["film"], [["x"]]]', b"\xff"]
)
def test_damaged_words_are_made_anew(cache, damage):
    found = vocabulary_of(adapter("gpt2"), SPACED)
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage)
    assert vocabulary_of(adapter("gpt2"), SPACED) == found
    assert file.read_bytes() == whole


def test_some_of_the_words():
    found = vocabulary_of(adapter("gpt2"), SPACED)
    part = found.take([3, 1])
    assert part.words == (found.words[3], found.words[1])
    assert part.tokens == (found.tokens[3], found.tokens[1])
    assert len(part) == 2


def test_pieces_are_no_words():
    plm = adapter("bert")
    pieces = {text.removeprefix("##") for text in plm.vocabulary() if text.startswith("##")}
    words = set(vocabulary_of(plm, SPACED).words)
    assert len(pieces) > 20
    # A piece may be spelt like a word, and then the word has a token of its own.
    assert words & pieces <= set(plm.vocabulary())


def test_slots_alike_share_their_words():
    words = PLMWords(adapter("gpt2"), WordFilter())
    spaced = words.in_slot(SPACED)
    assert words.in_slot(Template.parse("Review: {text}\nSentiment: {mask}")) is spaced
    assert words.in_slot(UNSPACED) is not spaced
    assert words.in_slot(UNSPACED).vocabulary == vocabulary_of(words.plm, UNSPACED)
    first = [tokens[0] for tokens in spaced.vocabulary.tokens]
    np.testing.assert_array_equal(spaced.embeddings, words.plm.output_embeddings(first)[0])
    assert spaced.neighbours.words == spaced.vocabulary.words


# Whole words -----------------------------------------------------------------------------------------


def test_words_and_their_beginnings_on_the_builtin_plm(cache, minilm):
    shares = dict(zip(ASKED, WholeWords(minilm)._ends(ASKED)))
    assert min(shares[word] for word in ("movie", "great", "sports")) > 0.9
    assert shares["disapp"] < 0.5


ASKED = ["movie", "great", "sports", "disapp"]


def test_answers_are_kept_in_the_cache(cache, minilm):
    whole = WholeWords(minilm).of(ASKED)
    file = cache / f"whole-{minilm.identity.weights_sha256[:32]}.json"
    assert [path.name for path in cache.iterdir()] == [file.name]
    assert set(json.loads(file.read_text("utf-8"))) == set(ASKED)
    minilm.forward_tokens = 0
    assert WholeWords(minilm).of(ASKED).tolist() == whole.tolist()
    assert minilm.forward_tokens == 0
    WholeWords(minilm).of([*ASKED, "terrible"])
    assert 0 < minilm.forward_tokens < 20  # the new word alone
    assert set(json.loads(file.read_text("utf-8"))) == {*ASKED, "terrible"}


def test_the_answer_hangs_on_what_is_known(cache, minilm):
    cache.mkdir()
    file = cache / f"whole-{minilm.identity.weights_sha256[:32]}.json"
    file.write_text('{"movie": 0.05, "great": 0.1}', "utf-8")
    assert WholeWords(minilm).of(["movie", "great"]).tolist() == [False, True]


@pytest.mark.parametrize(
    "damage", [b"", b'{"movie": 0.9', b"[]", b"null", b'{"movie": "x"}', b'{"movie": null}', b"\xff\xfe{"]
)
def test_a_damaged_cache_is_asked_again(cache, minilm, damage):
    cache.mkdir()
    file = cache / f"whole-{minilm.identity.weights_sha256[:32]}.json"
    file.write_bytes(damage)
    assert WholeWords(minilm).of(["movie"]).tolist() == [True]
    assert json.loads(file.read_text("utf-8"))["movie"] > 0.9


def test_the_first_whole_words_in_order(cache, minilm):
    cache.mkdir()
    words = [f"word{i}" for i in range(40)]
    known = {word: float(i % 2) for i, word in enumerate(words)}
    (cache / f"whole-{minilm.identity.weights_sha256[:32]}.json").write_text(json.dumps(known), "utf-8")
    whole = WholeWords(minilm)
    assert whole.first(words, 3, [6, 5, 4, 3, 2, 1]) == [5, 3, 1]
    assert whole.first(words, 18, range(40)) == list(range(1, 37, 2))
    assert whole.first(words, 50, range(40)) == list(range(1, 40, 2))
    assert whole.first(words, 3, []) == []


def test_letters_of_scripts_without_blanks_do_not_go_on_with_a_word():
    plm = adapter("gpt2")
    texts = plm.vocabulary(after="a")
    goes_on = {texts[token] for token in WholeWords(plm)._continuations}
    assert {"der", "b"} <= goes_on
    assert not any(ord(char) >= 0x2E80 for text in goes_on for char in text[:1])
    assert not any(text.startswith(" ") for text in goes_on)


@pytest.mark.parametrize("name", ["bert", "roberta", "deberta", "gpt2", "llama", "qwen"])
def test_other_families_answer(name, cache):
    plm = adapter(name)
    words = vocabulary_of(plm, SPACED).words
    shares = WholeWords(plm)._ends(words)
    assert shares.shape == (len(words),)
    assert ((shares >= -1e-5) & (shares <= 1)).all()
    assert WholeWords(plm).of(words).dtype == np.bool_
    assert WholeWords(plm).of([]).tolist() == []
