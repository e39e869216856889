from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from promptsearch.errors import KnowledgeError, OptionError
from promptsearch.knowledge.base import RelatedWord
from promptsearch.knowledge.conceptnet import DEFAULT_FACTORS, ConceptNet
from promptsearch.knowledge.conceptnet.locate import index_path
from tests.knowledge.conceptnet_excerpt import ENGLISH, LINES, dump_line, written


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PROMPTSEARCH_CONCEPTNET", raising=False)


def own(folder: Path, text: str) -> Path:
    return written(folder, [text.replace(" ", "\t").encode()], "own.tsv")


def words(found: tuple[RelatedWord, ...]) -> list[str]:
    return [related.word for related in found]


def test_the_direct_neighbours_of_a_label(tmp_path: Path):
    found = ConceptNet(written(tmp_path)).expand(["sport"])
    assert [(r.word, r.relation, round(r.weight, 6)) for r in found] == [
        ("football", "IsA", 6.3),
        ("ice hockey", "IsA", 2.8),
        ("team", "RelatedTo", 2.5),
        ("athletics", "Synonym", 2.0),
        ("ball", "RelatedTo", 1.5),
        ("game", "Synonym", 1.0),
        ("spor", "FormOf", 0.9),
        ("sports", "FormOf", 0.9),
        ("sporting", "SimilarTo", 0.8),
        ("disport", "DerivedFrom", 0.7),
        ("sporty", "DerivedFrom", 0.7),
        ("inning", "HasContext", 0.6),
        ("arena", "RelatedTo", 0.5),
        ("bet", "RelatedTo", 0.5),
        ("half time", "PartOf", 0.5),
    ]
    assert {(r.distance, r.source, r.seed) for r in found} == {(1, "conceptnet", "sport")}


def test_two_steps(tmp_path: Path):
    path = written(tmp_path)
    near = ConceptNet(path).expand(["sport"])
    found = ConceptNet(path, depth=2).expand(["sport"])
    assert found[: len(near)] == near
    # ball - round weighs 3 x 0.5 and ball itself as much; soccer 2 x 1, below football's 6.3.
    assert [(r.word, r.relation, r.distance, round(r.weight, 6), r.seed) for r in found[len(near) :]] == [
        ("soccer", "Synonym", 2, 2.0, "sport"),
        ("round", "RelatedTo", 2, 1.5, "sport"),
        ("goalkeeper", "IsA", 2, 0.7, "sport"),
    ]


def test_a_chain_is_as_sure_as_its_weakest_step(tmp_path: Path):
    path = own(tmp_path, "a Synonym b 0.25\nb Synonym c 4\n")
    assert [(r.word, r.weight) for r in ConceptNet(path, depth=3).expand(["a"])] == [("b", 0.25), ("c", 0.25)]


def test_only_the_surest_words_are_followed(tmp_path: Path):
    found = ConceptNet(written(tmp_path), depth=2, breadth=1).expand(["sport"])
    assert [r.word for r in found if r.distance == 2] == ["soccer", "goalkeeper"]


def test_several_seeds_none_of_which_is_found(tmp_path: Path):
    found = ConceptNet(written(tmp_path)).expand(["Sport", "ice_hockey", "football", "no such word"])
    assert not {"sport", "football", "ice hockey"} & set(words(found))
    assert {r.word: r.seed for r in found}["soccer"] == "football"
    assert {r.word: r.seed for r in found}["ball"] == "Sport"


def test_unknown_words_give_nothing(tmp_path: Path):
    base = ConceptNet(written(tmp_path))
    assert base.expand(["xyzzy"]) == base.expand([""]) == base.expand([]) == ()


def test_relations_and_weights_are_the_users_choice(tmp_path: Path):
    path = written(tmp_path)
    assert words(ConceptNet(path, {"/r/UsedFor": 1}).expand(["sport"])) == ["have fun"]
    found = ConceptNet(path, {"RelatedTo": 2, "Synonym": 1}, min_weight=0).expand(["sport"])
    assert [(r.word, r.weight) for r in found] == [
        ("team", 10.0),
        ("ball", 6.0),
        ("game", 2.0),
        ("arena", 2.0),
        ("athletics", 2.0),
        ("bet", 2.0),
        ("zoo", 1.8),
        ("frolic", 0.5),
    ]
    assert words(ConceptNet(path, {"RelatedTo": 2}, min_weight=3).expand(["sport"])) == ["team", "ball"]


def test_weights_below_one_count_in_a_file_of_ones_own(tmp_path: Path):
    path = own(tmp_path, "goal RelatedTo sport 0.2\nsport Synonym games 0.9\n")
    assert words(ConceptNet(path).expand(["sport"])) == ["games", "goal"]


def test_opposites_are_never_followed(tmp_path: Path):
    path = written(tmp_path)
    assert not {"bad", "work", "politics"} & set(
        words(ConceptNet(path, min_weight=0).expand(["good", "sport"]))
    )
    for relation in ("Antonym", "/r/DistinctFrom"):
        with pytest.raises(OptionError, match="something else than the label"):
            ConceptNet(path, {relation: 1})


@pytest.mark.parametrize(
    ("relations", "message"),
    [
        ({"Synonim": 1.0}, "Did you mean Synonym"),
        ({"Synonym": 0.0}, "not a number above 0"),
        ({"Synonym": float("nan")}, "not a number above 0"),
        ({}, "no relation to follow"),
    ],
)
def test_relations_that_cannot_be_used(tmp_path: Path, relations, message):
    with pytest.raises(OptionError, match=message):
        ConceptNet(written(tmp_path), relations)


def test_a_file_with_none_of_the_default_relations(tmp_path: Path):
    path = own(tmp_path, "goal near sport 1\n")
    with pytest.raises(OptionError, match="It has near"):
        ConceptNet(path)
    assert words(ConceptNet(path, {"near": 1}).expand(["sport"])) == ["goal"]


@pytest.mark.parametrize(
    "options", [{"min_weight": -1}, {"depth": 0}, {"breadth": 0}, {"language": "../x"}, {"language": ""}]
)
def test_numbers_and_languages_that_cannot_be_used(tmp_path: Path, options):
    with pytest.raises(OptionError):
        ConceptNet(written(tmp_path), **options)


def test_another_language(tmp_path: Path):
    found = ConceptNet(written(tmp_path), language="de").expand(["Sport"])
    assert [(r.word, r.weight) for r in found] == [("fußball", 1.4), ("leibesübungen", 1.0), ("verein", 0.5)]


def test_what_was_passed_over_is_told_at_each_use(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = written(tmp_path)
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            notes = ConceptNet(path).notes
        assert notes == (
            "excerpt.csv.gz: 40 assertions of the language 'en'",
            "excerpt.csv.gz: 10 of 58 lines are no assertions (line 46, 47, 48, 49, 50, …)",
            "excerpt.csv.gz: 2 lines hold bytes that are not UTF-8, read as U+FFFD",
        )
        assert tuple(record.getMessage() for record in caplog.records) == notes[1:]


def test_a_file_without_faults_is_told_by_name_and_size(tmp_path: Path):
    assert len(ConceptNet(written(tmp_path, LINES[:45])).notes) == 1


def test_without_a_path_the_environment_then_the_newest_index(tmp_path: Path, monkeypatch):
    with pytest.raises(KnowledgeError, match="no ConceptNet assertions") as caught:
        ConceptNet()
    for part in (
        "conceptnet-assertions-5.7.0.csv.gz",
        "github.com/commonsense",
        "--conceptnet",
        "PROMPTSEARCH_",
    ):
        assert part in (caught.value.hint or "")
    dump, small = written(tmp_path), own(tmp_path, "x IsA y 1\n")
    ConceptNet(small)
    os.utime(index_path(small, "en"), (1, 1))
    ConceptNet(dump)
    small.unlink()
    assert ConceptNet().notes[0].startswith("excerpt.csv.gz")
    with pytest.raises(KnowledgeError, match="'fr'"):
        ConceptNet(language="fr")
    monkeypatch.setenv("PROMPTSEARCH_CONCEPTNET", str(tmp_path / "gone.csv"))
    with pytest.raises(KnowledgeError, match="no such file"):
        ConceptNet()
    monkeypatch.setenv("PROMPTSEARCH_CONCEPTNET", str(dump))
    assert ConceptNet().expand(["sport"])


def test_a_folder_is_no_file_of_assertions(tmp_path: Path):
    with pytest.raises(KnowledgeError, match="is a folder"):
        ConceptNet(tmp_path)


def _large(folder: Path) -> Path:
    lines = [dump_line("IsA", f"/c/en/a{n}", f"/c/en/b{n}", 1).encode() for n in range(3000)]
    return written(folder, lines, "large.csv")


def _spoilt(path: Path) -> None:
    """Overwrite all but the first two pages, as a bad disk does."""
    index = index_path(path, "en")
    content = index.read_bytes()
    index.write_bytes(content[:8192] + b"\xa5" * (len(content) - 8192))


def test_an_index_that_turns_out_damaged_is_made_again(tmp_path: Path):
    path = _large(tmp_path)
    ConceptNet(path).close()
    whole = index_path(path, "en").read_bytes()
    _spoilt(path)
    assert words(ConceptNet(path).expand(["b7"])) == ["a7"]
    assert index_path(path, "en").read_bytes() == whole


def test_a_damaged_index_whose_source_is_gone(tmp_path: Path):
    path = _large(tmp_path)
    ConceptNet(path).close()
    _spoilt(path)
    path.unlink()
    with pytest.raises(KnowledgeError, match="is damaged"):
        ConceptNet().expand(["b7"])


def test_the_order_of_the_file_does_not_matter(tmp_path: Path):
    forward = ConceptNet(written(tmp_path)).expand(["sport"])
    backward = ConceptNet(written(tmp_path, LINES[::-1], "backward.csv")).expand(["sport"])
    assert forward == backward
    assert len(forward) == 15


def test_default_relations_are_those_of_the_excerpt():
    assert set(DEFAULT_FACTORS) < {relation for relation, *_ in ENGLISH}
