import numpy as np
import pytest
import torch

from promptsearch.engines.soft.nearest import CAUTION, nearest_words
from promptsearch.engines.soft.starts import (
    rate_for,
    scale_of,
    soft_ending,
    softened,
    start_vectors,
    with_soft,
)
from promptsearch.soft import SoftTemplate, SoftVectors
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from promptsearch.tuning.subject import without_soft
from tests.engines.soft.reviews import WORDS, words_of
from tests.plms.zoo import adapter

SOURCE = "{text} {soft*4} {soft:It was} {mask}"


def started(name: str, start: str, seed: int = 0, source: str = SOURCE) -> torch.Tensor:
    plm, template = adapter(name), Template.parse(source)
    matrix = plm.free_reader(template, ()).matrix
    return start_vectors(plm, template, words_of(plm, template), matrix, start, (seed,))


@pytest.mark.parametrize("start", ["vocabulary", "labels", "random"])
@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "gemma-capped"])
def test_pieces_with_words_start_at_their_embeddings(name, start):
    plm, template = adapter(name), Template.parse(SOURCE)
    ids = plm.initial_ids(template)[1]
    assert ids is not None
    expected = plm.free_reader(template, ()).matrix[ids]
    assert torch.equal(started(name, start)[4:], expected)


def test_draws_follow_from_the_seed():
    for start in ("vocabulary", "random"):
        assert torch.equal(started("bert", start), started("bert", start))
        assert not torch.equal(started("bert", start)[:4], started("bert", start, seed=1)[:4])


def test_tokens_drawn_are_words_of_the_vocabulary():
    plm = adapter("bert")
    matrix = plm.free_reader(Template.parse(SOURCE), ()).matrix
    texts = plm.vocabulary("a ")
    for seed in range(5):
        for vector in started("bert", "vocabulary", seed)[:4]:
            (token,) = (matrix == vector).all(dim=1).nonzero()[:, 0].tolist()
            assert texts[token].strip().isalpha()
            assert len(texts[token].strip()) > 1


def test_label_words_come_in_turn_and_then_others():
    plm, template = adapter("bert"), Template.parse(SOURCE)
    matrix = plm.free_reader(template, ()).matrix
    bad, good = (ids[0] for ids in plm.word_ids(template, WORDS.words))
    found = started("bert", "labels")
    assert torch.equal(found[:2], matrix[[bad, good]])
    assert not torch.equal(found[2:4], matrix[[bad, good]])


def test_random_vectors_have_the_embeddings_mean_and_spread():
    matrix = adapter("bert").free_reader(Template.parse(SOURCE), ()).matrix
    found = started("bert", "random", source="{text} {soft*60} {mask}")
    many = torch.cat([started("bert", "random", seed, "{text} {soft*60} {mask}") for seed in range(30)])
    assert found.shape == (60, 32)
    spread = float(matrix.std(dim=0).mean())
    assert scale_of(matrix) == pytest.approx(spread)
    assert float(many.std(dim=0).mean()) == pytest.approx(spread, rel=0.1)
    assert float((many.mean(dim=0) - matrix.mean(dim=0)).abs().max()) < 0.2 * spread


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{text} It was {mask}.", "{text} {soft:It was} {mask}."),
        ("{text}\nTopic: {mask}", "{text}\n{soft:Topic}: {mask}"),
        ("Review: {text} ({mask})", "{soft:Review}: {text} ({mask})"),
        ("{text_a}? {mask}, {text_b}", "{text_a}? {mask}, {text_b}"),
        ("{{x}} {text} so {mask}", "{{x}} {text} {soft:so} {mask}"),
        ("{text} {soft*2}, all in all it was {mask}", "{text} {soft*2}, {soft:all in all it was} {mask}"),
    ],
)
def test_words_become_soft_and_signs_stay(source, expected):
    found = softened(Template.parse(source))
    assert str(found) == expected
    assert found == Template.parse(expected)
    assert softened(found) == found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{text} {mask}.", "{text} {soft*3} {mask}."),
        ("{text}{mask}", "{text} {soft*3} {mask}"),
        ("{mask} {text}", "{soft*3} {mask} {text}"),
        ("{text} It was {mask}", "{text} It was {soft*3} {mask}"),
        ("{soft*1}{text}{mask}", "{soft*1}{text}{mask}"),
    ],
)
def test_soft_tokens_are_added_before_the_slot(source, expected):
    assert str(with_soft(Template.parse(source), 3)) == expected


def test_the_nearest_word_of_an_embedding_is_its_own():
    plm, template = adapter("bert"), Template.parse("{text} {soft*2} {mask}")
    matrix = plm.free_reader(template, ()).matrix
    ids = [ids[0] for ids in plm.word_ids(template, ["bad", "good"])]
    vectors = SoftVectors(3 * matrix[ids].numpy(), (2,))
    found = nearest_words(plm, SoftTemplate.of(template, vectors), most=3)
    assert [words[0].text for words in found] == ["bad", "good"]
    assert [words[0].cosine for words in found] == pytest.approx([1, 1])
    cosines = [neighbour.cosine for neighbour in found[0]]
    assert len(cosines) == 3
    assert cosines == sorted(cosines, reverse=True)
    texts = plm.vocabulary()
    other = matrix[texts.index(found[0][1].text)].numpy()
    one = matrix[ids[0]].numpy()
    assert cosines[1] == pytest.approx(
        float(one @ other / np.linalg.norm(one) / np.linalg.norm(other)), abs=1e-5
    )
    assert "rarely explain" in CAUTION
    wrong = SoftTemplate.of(template, SoftVectors(np.ones((2, 5)), (2,)))
    with pytest.raises(ValueError, match="vectors of 5 numbers for embeddings of 32"):
        nearest_words(plm, wrong)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{text} It was {mask}.", "{text} {soft:It was} {mask}."),
        ("Review: {text}\nSentiment: {mask}", "Review: {text}\n{soft:Sentiment:} {mask}"),
        ('"{text}"\nSo the movie is {mask}', '"{text}"\n{soft:So the movie is} {mask}'),
        ("Quite {mask}: {text}", "{soft:Quite} {mask}: {text}"),
        ("{text_a} ? {mask} , {text_b}", None),
        ("{text} {mask}", None),
        ("{mask} {text}", None),
        ("{text} {{x}} {mask}", None),
        ("{text} {soft*2} It was {mask}", None),
    ],
)
def test_the_words_before_the_slot_become_soft(source, expected):
    found = soft_ending(Template.parse(source))
    assert found == (None if expected is None else Template.parse(expected))
    if found is not None:
        assert without_soft(found) == Template.parse(source)


def test_what_starts_from_words_is_changed_more_slowly():
    words, others = (Template.parse(f"{{text}} {soft} {{mask}}") for soft in ("{soft:It was}", "{soft*2}"))
    mixed = Template.parse("{text} {soft*2} {soft:It was} {mask}")
    for parameterisation in ("lstm", "mlp", "free"):
        slow, fast = rate_for(parameterisation, words), rate_for(parameterisation, others)
        assert slow < fast == rate_for(parameterisation, mixed) == rate_for(parameterisation, None)


@pytest.mark.parametrize(
    ("family", "source"), [("bert", "{text} It was {mask}."), ("gpt2", "{text} It was {mask}")]
)
def test_soft_tokens_that_start_from_words_read_as_they_do(family, source):
    plm, template = adapter(family), Template.parse(source)
    soft = soft_ending(template)
    assert soft is not None
    examples = [Example({"text": text}, 0) for text in ("a good film", "bad")]
    matrix = plm.free_reader(soft, ()).matrix
    start = start_vectors(plm, soft, words_of(plm, soft), matrix, "vocabulary", (0,))
    reader = plm.free_reader(soft, examples)
    found = reader.read_vectors(start, [0, 1])
    plain = plm.word_reader(template, examples)
    expected = plain.read_vectors(matrix.new_zeros((0, matrix.shape[1])), [0, 1])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
