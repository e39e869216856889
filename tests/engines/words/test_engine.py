"""The whole engine on the built-in PLM and the bundled samples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.words import METHODS, WordsConfig, WordsEngine
from promptsearch.engines.words.engine import plain_template
from promptsearch.errors import DataError, KnowledgeError, VerbalizerError
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.scoring import evaluate
from promptsearch.study.trying import Rejected, try_candidates
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Example, Task, gold
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.plms.zoo import adapter

TEMPLATE = Template.parse("{text} It was {mask}.")
PREFIX = Template.parse("{text} It was {mask}")
CHAIN = ["names", "names, calibrated", "expanded", "calibrated", "frequency", "relevance", "weights"]
LEXICON = ("lexicon",)
FROM_LABELS = [
    "probe", "ratio", "cross-entropy", "likelihood", "subset", "soft", "prototypes", "nearest",
]  # fmt: skip
QUICK = WordsConfig(knowledge=LEXICON)


@pytest.fixture(scope="module")
def reviews() -> Task:
    return draw_splits(load_task("reviews"), shots=4, seed=0, max_test=12)


@pytest.fixture(scope="module")
def everything(reviews, minilm) -> list[Candidate]:
    return search(reviews, minilm, QUICK)


def search(
    task: Task,
    plm: PLM,
    config: WordsConfig = QUICK,
    templates: Sequence[Template] = (TEMPLATE,),
    budget: Budget = Budget(),  # noqa: B008
    seed: int = 0,
    **options: Any,
) -> list[Candidate]:
    return list(WordsEngine(config, templates, **options).search(task, plm, budget, seed))


def with_train(task: Task, train: Sequence[Example]) -> Task:
    return replace(task, splits={**task.splits, "train": train}, _fingerprints={})


def named(task: Task, *labels: str) -> Task:
    return replace(task, labels=labels, label_names=labels)


def methods(found: Sequence[Candidate]) -> list[object]:
    return [candidate.provenance["method"] for candidate in found]


def by_method(found: Sequence[Candidate]) -> dict[object, Candidate]:
    return {candidate.provenance["method"]: candidate for candidate in found}


def notes(found: Sequence[Candidate]) -> set[str]:
    return {note for candidate in found for note in candidate.provenance.get("notes", ())}  # ty: ignore


# What comes, in which order --------------------------------------------------------------------------


def test_the_chain_comes_first_step_by_step(everything):
    assert methods(everything)[:7] == CHAIN
    assert [candidate.provenance.get("step") for candidate in everything[:7]] == list(range(7))
    assert methods(everything)[7:] == ["neighbours", *FROM_LABELS]
    assert {"expanded", *methods(everything)[7:]} == set(METHODS)
    assert all("step" not in candidate.provenance for candidate in everything[7:])


def test_every_candidate_tells_where_its_words_come_from(everything):
    for candidate in everything:
        record = json.loads(json.dumps(candidate.provenance))
        assert (candidate.engine, candidate.template, candidate.baseline) == ("words", TEMPLATE, False)
        assert candidate.verbalizer.case == "any"
        assert candidate.calibration is not None
        if not str(record["method"]).startswith("names"):
            assert record["sources"].keys() == set(candidate.verbalizer.words)
    sources = by_method(everything)["expanded"].provenance["sources"]
    assert sources["negative"]["relation"] == "name"  # ty: ignore
    assert {source["source"] for source in sources.values()} == {"lexicon", "label"}  # ty: ignore


def test_names_alone_are_the_labels(everything):
    first, second = everything[:2]
    assert first.verbalizer.words == second.verbalizer.words == ("negative", "positive")
    assert (first.calibration.method, second.calibration.method) == ("none", "batch")


def test_no_word_stands_for_two_labels(everything):
    for candidate in everything:
        words = [answer.text.casefold() for each in candidate.verbalizer.answers for answer in each]
        assert len(words) == len(set(words)), candidate.provenance["method"]


def test_shared_words_on_demand(reviews, minilm):
    config = WordsConfig(methods=("cross-entropy",), knowledge=LEXICON, shared=True)
    found = by_method(search(reviews, minilm, config))["cross-entropy"]
    negative, positive = ({answer.text for answer in each} for each in found.verbalizer.answers)
    assert negative & positive


def test_how_many_words_a_method_finds(reviews, minilm):
    chosen = ("neighbours", "probe", "ratio", "cross-entropy", "subset")
    found = by_method(search(reviews, minilm, WordsConfig(chosen, knowledge=LEXICON, per_label=3)))
    for method in chosen:
        sizes = [len(each) for each in found[method].verbalizer.answers]
        assert max(sizes) <= 3
        assert method in ("subset", "neighbours") or sizes == [3, 3]


def test_likelihood_gives_one_word_a_label(everything):
    assert [len(each) for each in by_method(everything)["likelihood"].verbalizer.answers] == [1, 1]


def test_neighbours_weigh_by_similarity(everything):
    for label, answers in zip(
        ("negative", "positive"), by_method(everything)["neighbours"].verbalizer.answers
    ):
        weights = [answer.weight for answer in answers]
        assert answers[0].text == label
        assert weights[0] == pytest.approx(np.e)
        assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize("method", ["expanded", "neighbours", "subset", "soft", "nearest"])
def test_each_method_alone(method, reviews, minilm):
    found = search(reviews, minilm, WordsConfig((method,), knowledge=LEXICON, refine=()))
    assert methods(found) == ["names", "names, calibrated", method]


def test_without_calibration_among_the_refinements_nothing_is_calibrated(reviews, minilm):
    config = WordsConfig(("expanded", "ratio"), knowledge=LEXICON, refine=("frequency",))
    found = by_method(search(reviews, minilm, config))
    assert [found[m].calibration.method for m in ("expanded", "frequency", "ratio")] == ["none"] * 3


# Texts and labels ------------------------------------------------------------------------------------


def test_no_labels_at_all(everything, reviews, minilm):
    # What needs no labels is the same whether or not there are any.
    found = search(with_train(reviews, []), minilm, unlabelled=reviews.train)
    assert methods(found) == [*CHAIN[:-1], "neighbours"]
    assert all(candidate.train_log_probs is None for candidate in found)
    labelled = by_method(everything)
    assert [c.verbalizer for c in found] == [labelled[m].verbalizer for m in methods(found)]


def test_a_label_without_an_example(reviews, minilm):
    found = search(with_train(reviews, [e for e in reviews.train if e.label == 0]), minilm)
    assert methods(found) == [*CHAIN[:-1], "neighbours"]


@pytest.mark.parametrize("rest", [1, 4])
def test_one_example_of_a_label(reviews, minilm, rest):
    train = [[e for e in reviews.train if e.label == label] for label in (0, 1)]
    found = search(with_train(reviews, [*train[0][:rest], train[1][0]]), minilm)
    assert methods(found) == [*CHAIN, "neighbours", *FROM_LABELS]
    for method in ("weights", *FROM_LABELS):
        # Nothing could be held out, so nothing is known of how the fit does on other texts.
        log_probs = by_method(found)[method].train_log_probs
        assert log_probs is not None
        assert np.isnan(log_probs).all()


def test_a_single_text(reviews, minilm):
    found = search(with_train(reviews, []), minilm, unlabelled=reviews.train[:1])
    assert methods(found) == [*CHAIN[:-1], "neighbours"]
    assert by_method(found)["relevance"].verbalizer == by_method(found)["frequency"].verbalizer


def test_a_large_train_is_searched_on_in_part_and_judged_whole(reviews, minilm):
    config = WordsConfig(("probe",), knowledge=LEXICON, most_texts=4)
    probe = by_method(search(reviews, minilm, config))["probe"]
    assert probe.calibrated_on == 4
    assert probe.train_log_probs is not None
    assert probe.train_log_probs.shape == (len(reviews.train), 2)
    assert not np.isnan(probe.train_log_probs).any()
    (rejected, tried) = ([], [])
    for trials in try_candidates(reviews, minilm, [probe], ["none"], AnswerScoring("sum"), rejected.append):
        tried += trials
    assert (len(tried), rejected) == (1, [])


def test_no_texts(reviews, minilm):
    with pytest.raises(DataError, match="no texts"):
        search(with_train(reviews, []), minilm)


def test_labels_of_unlabelled_texts_are_not_looked_at(reviews, minilm):
    wrong = [replace(text, label=0) for text in reviews.dev]
    a = search(reviews, minilm, WordsConfig(("likelihood",), knowledge=LEXICON), unlabelled=reviews.dev)
    b = search(reviews, minilm, WordsConfig(("likelihood",), knowledge=LEXICON), unlabelled=wrong)
    assert a == b


def test_more_texts_change_priors(reviews, minilm):
    config = WordsConfig(("expanded",), knowledge=LEXICON, refine=("calibration",))
    few, more = search(reviews, minilm, config), search(reviews, minilm, config, unlabelled=reviews.dev)
    assert few[-1].verbalizer == more[-1].verbalizer
    assert few[-1].calibration != more[-1].calibration


def test_names_without_words(reviews, minilm):
    numbers = replace(reviews, labels=(0, 1), label_names=("0", "1"))
    chain = WordsConfig(("expanded",), knowledge=LEXICON)
    found = search(numbers, minilm, chain)
    assert found[0].verbalizer.words == ("0", "1")
    assert "The label '0' is no word: knowledge bases say nothing of it." in notes(found)
    written = Verbalizer.of({0: "bad", 1: "good"}, (0, 1))
    found = search(numbers, minilm, chain, names=written)
    assert found[0].verbalizer.words == ("bad", "good")
    assert found[0].verbalizer.labels == (0, 1)


@pytest.mark.parametrize(
    "labels", [("a", "A"), ("pos", "positive"), ("very good indeed", "bad"), ("the", "of")]
)
def test_names_that_make_trouble(labels, reviews, minilm):
    found = search(named(reviews, *labels), minilm, WordsConfig(("expanded", "soft"), knowledge=LEXICON))
    assert methods(found) == [*CHAIN, "soft"]
    for candidate in found:
        assert candidate.verbalizer.labels == labels


def test_a_name_that_the_plm_cannot_spell_is_named(reviews, minilm):
    with pytest.raises(VerbalizerError, match="'体育'"):
        search(named(reviews, "体育", "bad"), minilm)


def test_a_word_stands_for_a_name_that_the_plm_cannot_spell(reviews, minilm, tmp_path):
    path = tmp_path / "words.csv"
    path.write_text("label,word\n体育,sports\n体育,football\nbad,terrible\n", "utf-8")
    config = WordsConfig(("expanded",), knowledge=(str(path),))
    found = by_method(search(named(reviews, "体育", "bad"), minilm, config))
    assert [[a.text for a in answers] for answers in found["names"].verbalizer.answers] == [
        ["sports"],
        ["bad"],
    ]
    assert any("cannot spell the label" in note for note in notes(list(found.values())))


def test_all_words_of_a_label_filtered_out(reviews, minilm):
    # Case 13.
    config = WordsConfig(("expanded",), knowledge=LEXICON, frequent=0.001)
    found = by_method(search(reviews, minilm, config))["frequency"]
    sizes = [len(each) for each in found.verbalizer.answers]
    assert sorted(sizes) == [1, 1]
    said = [f"All words of {label!r} were taken out; {label!r} stays." for label in reviews.labels]
    assert set(found.provenance["notes"]) & set(said)  # ty: ignore
    assert all(entry["why"] for entry in found.provenance["dropped"])  # ty: ignore


# Templates, PLMs, limits -----------------------------------------------------------------------------


def test_templates_that_a_plm_cannot_read_are_passed_over(reviews):
    config = WordsConfig(("expanded", "ratio"), knowledge=LEXICON)
    found = search(reviews, adapter("gpt2"), config, (TEMPLATE, PREFIX))
    assert {candidate.template for candidate in found} == {PREFIX}
    both = search(reviews, adapter("bert"), config, (TEMPLATE, PREFIX, TEMPLATE))
    assert list(dict.fromkeys(candidate.template for candidate in both)) == [TEMPLATE, PREFIX]
    assert len(both) == 2 * len(found)


@pytest.mark.parametrize("name", ["bert", "roberta", "deberta", "gpt2", "llama", "qwen"])
def test_every_family(name, reviews, monkeypatch, tmp_path):
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path))  # random PLMs share one identity
    found = search(reviews, adapter(name), templates=(PREFIX,))
    assert methods(found) == [*CHAIN, "neighbours", *FROM_LABELS]


def test_without_a_template_the_fields_stand_before_the_slot(reviews, minilm):
    found = search(reviews, minilm, WordsConfig(("expanded",), knowledge=LEXICON), templates=())
    assert {str(candidate.template) for candidate in found} == {"{text}\nIt is about {mask}"}
    assert str(plain_template(["text_a", "text_b"])) == "{text_a}\n{text_b}\nIt is about {mask}"


def test_limits(reviews, minilm):
    config = WordsConfig(("expanded",), knowledge=LEXICON, refine=())
    templates = (TEMPLATE, PREFIX)
    one = search(reviews, minilm, config, templates, Budget(evaluations=1))
    assert {candidate.template for candidate in one} == {TEMPLATE}
    assert search(reviews, minilm, config, templates, Budget(seconds=0)) == []


def test_spans(reviews, minilm):
    config = WordsConfig(("expanded",), knowledge=LEXICON, refine=(), spans=2)
    found = search(reviews, minilm, config)[-1]
    counts = [len(ids) for ids in minilm.word_ids(TEMPLATE, found.verbalizer.words)]
    assert found.provenance.get("words_of_several_tokens", 0) == sum(n > 1 for n in counts)
    assert max(counts) > 1


def test_a_knowledge_base_asked_for_by_name_must_be_there(reviews, minilm, tmp_path):
    config = WordsConfig(knowledge=("wordnet",), wordnet=tmp_path)
    with pytest.raises(KnowledgeError):
        search(reviews, minilm, config)
    by_default = WordsConfig(("expanded",), wordnet=tmp_path)
    assert methods(search(reviews, minilm, by_default))[:3] == CHAIN[:3]


# The same again --------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_candidates(everything, reviews, minilm):
    again = search(reviews, minilm)
    assert [(c.verbalizer, c.calibration, c.provenance) for c in again] == [
        (c.verbalizer, c.calibration, c.provenance) for c in everything
    ]
    for a, b in zip(again, everything):
        if a.train_log_probs is not None:
            np.testing.assert_array_equal(a.train_log_probs, b.train_log_probs)


def test_trials_use_the_candidates_own_calibration(everything, reviews, minilm):
    rejected: list[Rejected] = []
    tried = try_candidates(
        reviews, minilm, everything, ["none", "batch", "pmi"], AnswerScoring(), rejected.append
    )
    trials = [trial for block in tried for trial in block]
    assert rejected == []
    assert [trial.calibration for trial in trials] == [candidate.calibration for candidate in everything]
    for trial in trials:
        held_out = trial.candidate.train_log_probs
        if held_out is not None:
            assert trial.train == evaluate(held_out, gold(reviews.train))
