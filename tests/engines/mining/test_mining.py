"""Mining for a task: which text, which templates, and why not more."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from promptsearch.corpus import Corpus
from promptsearch.engines.mining import MiningConfig
from promptsearch.engines.mining.mining import Mining, corpus_of, label_words_of, mine
from promptsearch.errors import DataError, OptionError
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Task
from promptsearch.verbalizer import Verbalizer
from tests.engines.mining.tiny import TOWNS, said

EVERYONE = " ".join(TOWNS)
EMPTY = "say anything of the relation by themselves"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Counting is kept in the cache; no test may see that of another."""
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))


def towns(rows=None, **more) -> Task:
    """A task whose train facts are all that it has."""
    given = [{"subject": x, "object": y} for x, y in TOWNS.items()] if rows is None else rows
    task = load_task("towns", data=given, kind="fact")
    return replace(task, splits={"train": task.splits["train"]}, _fingerprints={}, **more)


def mined(tmp_path, sentences, task=None, **options) -> Mining:
    (tmp_path / "towns.txt").write_text("".join(f"{sentence}\n" for sentence in sentences), "utf-8")
    config = MiningConfig(corpora=(tmp_path / "towns.txt",), workers=1, **options)
    return mine(towns() if task is None else task, config)


def templates(found: Mining) -> list[str]:
    return [str(each.cloze) for each in found.templates]


# Facts -----------------------------------------------------------------------------------------------


def test_what_was_read_and_found_is_told(tmp_path):
    sentences = ["Nothing at all.", *said("X was born in Y.", "Ada Bo Cy"), "Ada never saw Oslo."]
    found = mined(tmp_path, sentences)
    assert (found.sentences, found.matched, found.pairs, found.met, found.missed) == (5, 3, 6, 3, 0)
    assert found.characters == sum(len(sentence) + 1 for sentence in sentences)
    assert (found.undecodable, found.notices) == (0, ())
    assert found.sources == (str(tmp_path / "towns.txt"),)
    assert templates(found) == ["{subject} was born in {mask}."]
    assert [s.line for s in found.templates[0].sightings] == [2, 3, 4]
    record = json.loads(json.dumps(found.record()))
    assert record["templates"] == [each.record() for each in found.templates]
    assert (record["matched"], record["met"], record["notices"]) == (3, 3, [])


def test_templates_of_one_pair_fill_up_what_a_plm_can_read(tmp_path):
    sentences = [
        *said("X was born in Y.", "Ada Bo"),
        *said("X grew up around Y.", "Cy"),
        *said("Y remembers X.", "Di"),
    ]
    assert templates(mined(tmp_path, sentences)) == [
        "{subject} was born in {mask}.",
        "{mask} remembers {subject}.",
        "{subject} grew up around {mask}.",
    ]
    assert templates(mined(tmp_path, sentences, read=1)) == ["{subject} was born in {mask}."]
    assert templates(mined(tmp_path, sentences, least=2)) == ["{subject} was born in {mask}."]
    assert len(templates(mined(tmp_path, sentences, least=1))) == 3


def test_templates_that_a_plm_cannot_read_to_the_end_do_not_count_as_enough(tmp_path):
    sentences = [*said("Y remembers X.", "Ada Bo"), *said("X grew up around Y.", "Cy")]
    assert templates(mined(tmp_path, sentences, read=1)) == [
        "{mask} remembers {subject}.",
        "{subject} grew up around {mask}.",
    ]


def test_other_relations_of_the_source_tell_how_specific_a_template_is(tmp_path):
    rows = [
        *({"relation": "born", "subject": x, "object": y} for x, y in TOWNS.items()),
        {"relation": "died", "subject": "Gil", "object": "Bonn"},
        {"relation": "died", "subject": "Hal", "object": "Graz"},
    ]
    path = tmp_path / "own.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    task = load_task("own:born", data=path)
    task = replace(task, splits={"train": task.splits["train"]}, _fingerprints={})
    sentences = [
        *said("X lived in Y.", "Ada Bo"),
        "Gil lived in Bonn.",
        *said("X left Y.", "Ada Bo"),
        "Hal died in Graz.",
    ]
    found = {str(each.cloze): each for each in mined(tmp_path, sentences, task, least=2).templates}
    assert {name: each.others for name, each in found.items()} == {
        "{subject} lived in {mask}.": 1,
        "{subject} left {mask}.": 0,
    }


def test_aliases_are_found(tmp_path):
    task = towns(
        [{"subject": "Ada", "object": "Rome", "aliases": ["Miss A."]}, {"subject": "Bo", "object": "Oslo"}]
    )
    found = mined(tmp_path, ["Miss A. was born in Rome.", "Bo was born in Oslo."], task)
    assert [each.support for each in found.templates] == [2]


# Why nothing was found -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentences", "reason"),
    [
        ([], "The corpus holds no sentence."),
        (
            ["Nothing at all."],
            "No sentence holds both sides of a pair: of 6 subjects 0 occur in the text, of 6 objects 0.",
        ),
        (
            ["Ada and Bo met.", "Rome is old.", "Ada never saw Oslo."],
            "No sentence holds both sides of a pair: of 6 subjects 2 occur in the text, of 6 objects 2.",
        ),
        (
            ["Ada, who is one two three four five six seven, of Rome."],
            "Met both sides of 1 pair in one sentence, never with at most 8 words between.",
        ),
        (
            said("X in Y.", "Ada Bo Cy"),
            f"Met 3 pairs, but no words that stand with 1 of them {EMPTY}.",
        ),
    ],
)
def test_the_nearest_reason_for_no_template_is_told(tmp_path, sentences, reason):
    found = mined(tmp_path, sentences)
    assert found.templates == ()
    assert found.notices == (reason,)


def test_too_few_pairs_for_what_was_asked(tmp_path):
    found = mined(tmp_path, said("X was born in Y.", "Ada Bo"), least=3)
    assert found.notices == (f"Met 2 pairs, but no words that stand with 3 of them {EMPTY}.",)


def test_one_of_a_thing_is_told_in_the_singular(tmp_path):
    one = towns([{"subject": "Ada", "object": "Rome"}])
    assert mined(tmp_path, ["Ada is old."], one).notices == (
        "No sentence holds both sides of a pair: of 1 subject 1 occurs in the text, of 1 object 0.",
    )
    assert mined(tmp_path, ["Ada is old in Rome."], one, between=1).notices == (
        "Met both sides of 1 pair in one sentence, never with at most 1 word between.",
    )
    assert mined(tmp_path, ["Ada in Rome."], one).notices == (
        f"Met 1 pair, but no words that stand with 1 of them {EMPTY}.",
    )
    (tmp_path / "odd.txt").write_bytes(b"\xfc Ada was born in Rome.\n")
    assert mine(one, MiningConfig(corpora=(tmp_path / "odd.txt",), workers=1)).notices == (
        "Not UTF-8 text, and replaced: 1 byte.",
    )


def test_pairs_that_cannot_be_mined_are_told(tmp_path):
    rows = [
        {"subject": x, "object": y}
        for x, y in [*TOWNS.items(), ("Rome", "rome"), ("...", "Oslo"), ("E", "Bonn")]
    ]
    found = mined(tmp_path, said("X was born in Y.", "Ada Bo"), towns(rows))
    assert found.pairs == 7
    assert [notice.split(",")[0] for notice in found.notices] == [
        "1 pair left out: the same name on both sides",
        "1 pair left out: an empty side",
        "1 name of one character ('E'): also found where something else is meant",
    ]


def test_no_pair_at_all_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no pair can be mined with"):
        mined(
            tmp_path,
            ["Rome"],
            towns([{"subject": "Rome", "object": "ROME"}, {"subject": "-", "object": "Rome"}]),
        )


def test_bytes_that_are_no_text_are_counted_and_told(tmp_path):
    (tmp_path / "odd.txt").write_bytes(b"\xfc\xfd Ada was born in Rome.\nBo was born in Oslo.\n")
    found = mine(towns(), MiningConfig(corpora=(tmp_path / "odd.txt",), workers=1))
    assert (found.undecodable, [each.support for each in found.templates]) == (2, [2])
    assert found.notices == ("Not UTF-8 text, and replaced: 2 bytes.",)


def test_of_a_truncated_archive_what_could_be_read_is_mined(tmp_path):
    text = "".join(
        f"{line}\n" for line in said("X was born in Y.", EVERYONE) + [f"Line {i}." for i in range(9999)]
    )
    whole = gzip.compress(text.encode())
    (tmp_path / "cut.txt.gz").write_bytes(whole[: len(whole) // 2])
    found = mine(towns(), MiningConfig(corpora=(tmp_path / "cut.txt.gz",), workers=1))
    assert [each.support for each in found.templates] == [6]
    assert len(found.notices) == 1
    assert "cut.txt.gz" in found.notices[0]


def test_pruned_counts_are_told(tmp_path):
    sentences = said("X was born in Y.", EVERYONE) + [
        f"Ada {word}ed in Rome." for word in ("liv", "work", "rest")
    ]
    found = mined(tmp_path, sentences, most=8)
    assert found.missed == 1
    assert found.notices == (
        "Counts were pruned to fit memory: supports are lower bounds. Each wording may lack 1 pair, and "
        "wordings of so few may be gone.",
    )
    assert [each.missed for each in found.templates] == [1]


# Text from right to left, end to end -----------------------------------------------------------------


def test_text_from_right_to_left(tmp_path):
    pairs = {"חיפה": "ישראל", "פריז": "צרפת", "قرطبة": "الأندلس"}
    task = towns([{"subject": x, "object": y} for x, y in pairs.items()])
    found = mined(tmp_path, [f"{x} שוכנת בתוך {y}." for x, y in pairs.items()], task)
    assert [(str(each.cloze), each.support) for each in found.templates] == [
        ("{subject} שוכנת בתוך {mask}.", 3)
    ]
    assert found.notices == ()


# Classification --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reviews() -> Task:
    return draw_splits(load_task("reviews"), shots=16, seed=0)


def test_frames_of_the_bundled_prose_hold_for_every_label(reviews):
    found = mine(reviews, MiningConfig(workers=1))
    assert found.templates
    assert all(all(frame.words_by_label) for frame in found.templates)
    assert all(frame.balance >= 0.05 for frame in found.templates)
    assert found.sources[-1] == "train texts of reviews"
    assert 0 < found.met <= found.pairs
    json.dumps(found.record())


def test_why_there_are_no_frames(reviews, tmp_path):
    def notices(*sentences):
        path = tmp_path / "text.txt"
        path.write_text("\n".join(sentences), "utf-8")
        return mine(reviews, MiningConfig(corpora=(path,), own_texts=False, workers=1)).notices

    assert notices("Nothing.") == ("No sentence holds a label word.",)
    assert notices("It was good.") == ("Met 1 label word, but no frame holds for every label.",)


def test_label_words_given_come_first_and_once(reviews):
    given = Verbalizer.of({"negative": "lousy", "positive": ["good", "ace"]}, reviews.labels)
    negative, positive = label_words_of(reviews, [given])
    assert (negative[0], positive[:2]) == ("lousy", ["good", "ace"])
    assert len(set(positive)) == len(positive)
    assert len(label_words_of(reviews, [])) == 2


# Which text ------------------------------------------------------------------------------------------


def test_by_default_the_bundled_text_is_mined_and_the_tasks_own(reviews):
    def names(corpus: Corpus):
        return [source.name.rsplit("/", 1)[-1] for source in corpus.sources]

    assert names(corpus_of(towns(), MiningConfig())) == ["facts.txt"]
    assert names(corpus_of(reviews, MiningConfig())) == ["reviews.txt", "news.txt", "train texts of reviews"]
    assert names(corpus_of(reviews, MiningConfig(own_texts=False))) == ["reviews.txt", "news.txt"]


def test_a_corpus_that_is_not_there(reviews):
    with pytest.raises(DataError, match="nowhere"):
        corpus_of(reviews, MiningConfig(corpora=("nowhere.txt",)))


# The bundled facts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "written"),
    [
        ("P19", {"{subject} was born in {mask}.", "{subject}, born in {mask}."}),
        ("P36", {"{mask} is the capital of {subject}.", "The capital of {subject} is {mask}."}),
        (
            "P103",
            {
                "The native language of {subject} is {mask}.",
                "{subject}'s native language is {mask}.",
                "{subject}'s native language was {mask}.",
                "{subject}'s mother tongue was {mask}.",
                "The mother tongue of {subject} was {mask}.",
            },
        ),
    ],
)
def test_the_first_ten_include_what_a_person_would_write(relation, written):
    task = draw_splits(load_task(f"facts:{relation}"), shots=None, seed=0)
    found = mine(task, MiningConfig(workers=1))
    assert written & set(templates(found)[:10])


# Options ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"between": 0},
        {"least": 0},
        {"read": 0},
        {"kept": -1},
        {"window": (-1, 2)},
        {"examples": -1},
        {"balance": 1.5},
        {"share_of_labels": 0},
        {"miners": ()},
        {"miners": ("midle",)},
    ],
)
def test_options_that_cannot_be(options):
    with pytest.raises(OptionError):
        MiningConfig(**options)


def test_one_corpus_may_stand_by_itself():
    assert MiningConfig(corpora="a.txt").corpora == ("a.txt",)
    assert MiningConfig(fold_case=False).words.fold_case is False
