"""Templates from dependency paths: worked by hand on small trees, and with spaCy where it is installed."""

import pickle
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.corpus import SegmentText
from promptsearch.engines.mining.counts import Counts, Key, Place
from promptsearch.engines.mining.dependency import (
    DependencyCounter,
    Parse,
    SpacyParser,
    parts_of,
    path_between,
    path_patterns,
)
from promptsearch.engines.mining.facts import FactCounter
from promptsearch.engines.mining.pairs import Fact
from promptsearch.engines.mining.paths import is_path, joined_text, split_text
from promptsearch.engines.mining.patterns import Pattern
from promptsearch.engines.mining.running.fingerprints import fingerprint
from promptsearch.engines.mining.words import Words
from promptsearch.errors import OptionError

CAPITALS = [Fact("France", "Paris"), Fact("Spain", "Madrid"), Fact("New Zealand", "Wellington")]
CAPITAL_OF = [1, 4, 1, 2, 4, 4, 4]
"""Heads of `The capital of France is Paris .`: The <- capital -> of -> France; capital <- is -> Paris, `.`"""


@dataclass(frozen=True)
class ByHand:
    """Heads of known sentences; tokens are words and punctuation marks."""

    heads: dict[str, list[int]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, sentences: Sequence[str]) -> Iterator[Parse]:
        self.asked.extend(sentences)
        for sentence in sentences:
            spans = [match.span() for match in re.finditer(r"'s|\w+|[^\w\s]", sentence)]
            assert len(spans) == len(self.heads[sentence])
            yield Parse([a for a, _ in spans], [b for _, b in spans], self.heads[sentence])


def counter(heads: dict[str, list[int]], **options: object) -> DependencyCounter:
    return DependencyCounter(facts(), ByHand(heads), **options)


def facts(between: int = 8) -> FactCounter:
    return FactCounter.of([CAPITALS], Words(), between)


def segment(*sentences: str) -> SegmentText:
    return SegmentText(list(enumerate(sentences)), len(sentences), sum(map(len, sentences)))


def paths(counts: Counts, group: int = 0) -> set[tuple[int, tuple[str, str, str]]]:
    return {
        (key.order, split_text(key.text)) for key in counts.seen if key.group == group and is_path(key.text)
    }


def test_words_left_of_both_names_that_the_path_reaches_belong_to_the_template():
    sentence = "The capital of France is Paris."
    counts = counter({sentence: CAPITAL_OF}).count(segment(sentence), source=2, segment=5)
    key = Key(0, 0, "capital of \t is \t")
    assert set(counts.seen) == {Key(0, 0, " is "), key}
    assert list(counts.seen[key].values()) == [Place(2, 5, 0, 0, sentence, (15, 21), (25, 30))]


def test_words_right_of_both_names_and_the_other_order():
    # Paris <- is -> capital -> France -> 's
    sentence = "Paris is France's fine capital today."
    counts = counter({sentence: [1, 1, 5, 2, 5, 1, 1, 1]}).count(segment(sentence))
    assert paths(counts) == {(1, ("", " is ", "'s fine capital"))}


def test_a_name_of_several_words_is_left_out_whole():
    # New <- Zealand: the name's own words are not of the template.
    sentence = "The capital of New Zealand is Wellington"
    heads = [1, 5, 1, 4, 2, 5, 5]
    assert paths(counter({sentence: heads}).count(segment(sentence))) == {(0, ("capital of ", " is ", ""))}


def test_a_path_between_the_names_counts_only_without_the_words_between():
    # France <- has -> Paris
    sentence = "France has Paris."
    heads = {sentence: [1, 1, 1, 1]}
    assert set(counter(heads).count(segment(sentence)).seen) == {Key(0, 0, " has ")}
    alone = counter(heads, middles=False).count(segment(sentence))
    assert set(alone.seen) == {Key(0, 0, "\t has \t")}


def test_everything_but_paths_is_counted_as_without_a_parser():
    sentences = ("The capital of France is Paris.", "Madrid", "nothing", "Madrid, Spain")
    heads = {sentences[0]: CAPITAL_OF, sentences[3]: [0, 0, 0]}
    counts = counter(heads).count(segment(*sentences))
    plain = facts().count(segment(*sentences))
    counts.seen = {key: places for key, places in counts.seen.items() if not is_path(key.text)}
    assert counts == plain


def test_only_sentences_with_a_near_pair_are_parsed():
    sentences = (
        "Paris is not in Spain.",
        "France, as many of the people I have met would say, loves Paris.",
        "France",
        "France has Paris.",
    )
    parser = ByHand({sentences[0]: [1, 1, 1, 1, 3, 1], sentences[3]: [1, 1, 1, 1]})
    DependencyCounter(facts(), parser).count(segment(*sentences))
    assert parser.asked == [sentences[3]]
    parser.asked.clear()
    DependencyCounter(facts(), parser, all_others=True).count(segment(*sentences))
    assert parser.asked == [sentences[0], sentences[3]]


def test_names_that_do_not_belong_together_are_counted_apart():
    # The second clause hangs on the first: capital -> of -> France, and is -> Madrid.
    sentence = "The capital of France is Paris , not Madrid"
    counts = counter({sentence: [1, 4, 1, 2, 4, 4, 4, 8, 4]}).count(segment(sentence))
    assert paths(counts) == {(0, ("capital of ", " is ", ""))}
    assert paths(counts, -1) == {(0, ("capital of ", " is Paris , not ", ""))}
    places = counts.seen[Key(-1, 0, "capital of \t is Paris , not \t")]
    assert list(places.values()) == [Place(0, 0, 0, 0, "", (0, 0), (0, 0))]


def test_names_in_trees_of_their_own_have_no_path():
    sentence = "France. Paris"
    assert paths(counter({sentence: [0, 0, 2]}, middles=False).count(segment(sentence))) == set()


@pytest.mark.parametrize(("reach", "found"), [(3, True), (2, False)])
def test_a_template_reaches_so_many_words_at_most(reach, found):
    # capital, of, is: three.
    sentence = "The capital of France is Paris."
    counts = counter({sentence: CAPITAL_OF}, reach=reach).count(segment(sentence))
    assert bool(paths(counts)) == found


@pytest.mark.parametrize(("longest", "asked"), [(7, 1), (6, 0)])
def test_too_long_a_sentence_is_not_parsed(longest, asked):
    sentence = "The capital of France is Paris."
    parser = ByHand({sentence: CAPITAL_OF})
    DependencyCounter(facts(), parser, longest=longest).count(segment(sentence))
    assert len(parser.asked) == asked


def test_blanks_of_any_kind_become_one_space():
    sentence = "The capital\t of France\u00a0is  Paris."
    counts = counter({sentence: CAPITAL_OF}).count(segment(sentence))
    assert paths(counts) == {(0, ("capital of ", " is ", ""))}


def test_letters_with_accents_are_composed_before_parsing():
    spelt, composed = "The capital of France is Pari\u0301s.", "The capital of France is Par\u00eds."
    counts = counter({composed: CAPITAL_OF}).count(segment(spelt))
    assert paths(counts) == {(0, ("capital of ", " is ", ""))}


def test_a_token_that_holds_part_of_a_name_is_the_names():
    # Tokens: Franco-German, is, Paris-like. What they hold beside a name is no word of the path.
    sentence = "Franco-German is Paris-like"
    parse = Parse([0, 14, 17], [13, 16, 27], [1, 1, 1])
    assert parts_of(sentence, parse, (7, 13), (17, 22)) == ("", " is ", "")


def test_a_token_beside_a_name_is_not_the_names():
    # Tokens: Anti, -, France, is, Paris; all depend on `is`.
    sentence = "Anti-France is Paris"
    parse = Parse([0, 4, 5, 12, 15], [4, 5, 11, 14, 20], [3, 3, 3, 3, 3])
    assert parts_of(sentence, parse, (5, 11), (15, 20)) == ("", " is ", "")


@pytest.mark.parametrize(
    ("a", "b", "path"),
    [
        (3, 5, [3, 2, 1, 4, 5]),
        (5, 3, [5, 4, 1, 2, 3]),
        (3, 1, [3, 2, 1]),
        (1, 3, [1, 2, 3]),
        (4, 4, [4]),
        (0, 2, [0, 1, 2]),
    ],
)
def test_path_goes_up_and_down_again(a, b, path):
    #     1
    #   / | \
    #  0  2  4
    #     |  |
    #     3  5
    assert path_between([1, 1, 1, 2, 1, 4], a, b) == path


@given(st.data())
def test_path_is_the_only_way_between_two_tokens(data):
    n = data.draw(st.integers(1, 12))
    # Each token depends on an earlier one, or is a root.
    heads = [data.draw(st.integers(0, i)) for i in range(n)]
    a, b = (data.draw(st.integers(0, n - 1)) for _ in range(2))
    path = path_between(heads, a, b)
    linked = {frozenset((i, head)) for i, head in enumerate(heads) if i != head}
    reached = {a}
    for _ in range(n):
        reached |= {i for link in linked if link & reached for i in link}
    if b not in reached:
        assert path is None
        return
    assert path is not None
    assert (path[0], path[-1]) == (a, b)
    assert len(set(path)) == len(path)
    assert all(frozenset(step) in linked for step in pairwise(path))


def test_patterns_leave_numbers_out_and_count_equal_wordings_together():
    early, late = (Place(0, 0, n, 0, "", (0, 0), (0, 0)) for n in (1, 2))
    seen = {
        Key(0, 0, "capital of \t of 1999 was \t"): {(0, 1): late, (2, 3): late},
        Key(0, 0, "Capital of \t of was \t"): {(0, 1): early},
        Key(0, 1, "1999 \t is \t's capital"): {(0, 1): late},
        Key(0, 0, " is "): {(0, 1): early},
        Key(-1, 0, "capital of \t was \t"): {(0, 3): early},
        Key(1, 0, "capital of \t was \t"): {(4, 5): early},
    }
    assert path_patterns(seen, {0}) == {
        Pattern(0, "Capital of ", " of was ", ""): {(0, 1): early, (2, 3): late},
        Pattern(1, "", " is ", "'s capital"): {(0, 1): late},
    }
    assert path_patterns(seen, {-1, 1}) == {
        Pattern(0, "Capital of ", " was ", ""): {(0, 3): early, (4, 5): early}
    }


def test_parts_of_a_path_come_back():
    text = joined_text("capital of ", " is ", "")
    assert (is_path(text), split_text(text)) == (True, ("capital of ", " is ", ""))
    assert not is_path(" is ")


def test_counter_goes_to_another_process_and_has_a_fingerprint():
    made = DependencyCounter(facts(), SpacyParser("some"))
    assert len(pickle.dumps(made)) < 10_000
    assert fingerprint(pickle.loads(pickle.dumps(made))) == fingerprint(made)
    assert fingerprint(DependencyCounter(facts(), SpacyParser("other"))) != fingerprint(made)


def test_without_spacy_the_way_to_get_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(OptionError) as caught:
        DependencyCounter(facts(), SpacyParser("none of this name")).count(segment("France has Paris."))
    assert "needs spaCy" in caught.value.message
    assert "pip install 'promptsearch[parser]'" in (caught.value.hint or "")
    assert "spacy download" in (caught.value.hint or "")


def test_a_text_without_pairs_needs_no_parser(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    made = DependencyCounter(facts(), SpacyParser("none of this name"))
    assert made.count(segment("Nothing.")).sentences == 1


def test_unknown_pipeline_of_spacy():
    pytest.importorskip("spacy")
    with pytest.raises(OptionError, match="no_such_pipeline") as caught:
        SpacyParser("no_such_pipeline").check()
    assert "spacy download en_core_web_sm" in (caught.value.hint or "")


def test_pipeline_without_a_parser(tmp_path):
    spacy = pytest.importorskip("spacy")
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(OptionError, match="has no dependency parser"):
        SpacyParser(str(tmp_path / "blank")).check()


def test_parser_of_spacy_trained_on_one_sentence(tmp_path):
    spacy = pytest.importorskip("spacy")
    sentence = "The capital of France is Paris."
    _learn(spacy, sentence, CAPITAL_OF).to_disk(tmp_path / "learnt")
    made = DependencyCounter(facts(), SpacyParser(str(tmp_path / "learnt")))
    assert list(made.parser([sentence])) == list(ByHand({sentence: CAPITAL_OF})([sentence]))
    # Loaded, it still goes to another process by its name alone.
    made = pickle.loads(pickle.dumps(made))
    assert paths(made.count(segment(sentence, "Spain and Portugal"))) == {(0, ("capital of ", " is ", ""))}


def test_parser_of_spacy_on_wordings_it_never_saw():
    model = _installed_model()
    sentences = (
        "The capital of France is Paris.",
        "Madrid is Spain's capital.",
        "The people of New Zealand have Wellington as their capital.",
    )
    counts = DependencyCounter(facts(), SpacyParser(model)).count(segment(*sentences))
    assert {(0, ("capital of ", " is ", "")), (1, ("", " is ", "'s capital"))} <= paths(counts)


def _learn(spacy, sentence: str, heads: list[int]):
    """A pipeline whose parser knows one sentence by heart."""
    from spacy.training import Example

    spacy.util.fix_random_seed(0)
    pipeline = spacy.blank("en")
    parser = pipeline.add_pipe("parser", config={"min_action_freq": 1})
    labels = ["ROOT" if i == head else "dep" for i, head in enumerate(heads)]
    example = Example.from_dict(pipeline.make_doc(sentence), {"heads": heads, "deps": labels})
    parser.add_label("dep")
    optimizer = pipeline.initialize(lambda: [example])
    for _ in range(30):
        pipeline.update([example], sgd=optimizer)
    return pipeline


def _installed_model() -> str:
    spacy = pytest.importorskip("spacy")
    models = sorted(name for name in spacy.util.get_installed_models() if name.startswith("en_"))
    if not models:
        pytest.skip("no English pipeline of spaCy is installed")
    return models[0]
