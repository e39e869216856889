"""`promptsearch kb`: words related to a label's name, and where knowledge bases are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptsearch.knowledge.wordnet import files
from tests.cli.running import refused, run
from tests.knowledge.conceptnet_excerpt import written
from tests.knowledge.wndb import write_wordnet


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch) -> None:
    """A machine with a tiny WordNet in `wn`, which is not found by itself, and nothing fetched."""
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PROMPTSEARCH_CONCEPTNET", raising=False)
    monkeypatch.delenv("WNSEARCHDIR", raising=False)
    monkeypatch.delenv("WNHOME", raising=False)
    monkeypatch.setattr(files, "_DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(files, "nltk_roots", list)
    write_wordnet(tmp_path / "wn")


def expand(*arguments: str):
    return run("kb", "expand", *arguments, "--kb", "wordnet", "--wordnet", "wn")


def table(out: str) -> list[list[str]]:
    return [line.split() for line in out.splitlines()]


def test_a_table():
    outcome = expand("geese")
    assert outcome.code == 0
    assert table(outcome.out) == [
        ["word", "relation", "distance", "source"],
        ["goose", "synonym", "1", "wordnet"],
    ]
    assert outcome.said == "Note: geese in WordNet: goose (a web-footed bird)"


def test_several_seeds_and_one_that_is_unknown():
    outcome = expand("geese", "xyzzy", "sports", "--depth", "1", "--limit", "2")
    assert table(outcome.out) == [
        ["word", "relation", "distance", "source", "seed"],
        ["goose", "synonym", "1", "wordnet", "geese"],
        ["sport", "synonym", "1", "wordnet", "sports"],
    ]
    assert "Note: nothing related to 'xyzzy' was found in wordnet" in outcome.said
    assert "Note: 2 words of 6; --limit shows more" in outcome.said


def test_quiet_shows_the_table_alone():
    assert expand("geese", "xyzzy", "--quiet").err == ""


def test_json():
    outcome = expand("sports", "xyzzy", "--depth", "3", "--limit", "1", "--json")
    assert outcome.err == ""
    assert json.loads(outcome.out) == {
        "seeds": ["sports", "xyzzy"],
        "unknown": ["xyzzy"],
        "senses": [
            {
                "seed": "sports",
                "words": "sport, athletics",
                "gloss": "an active diversion requiring physical exertion and competition",
            }
        ],
        "found": 9,
        "words": [
            {
                "word": "sport",
                "relation": "synonym",
                "distance": 1,
                "source": "wordnet",
                "weight": 1.0,
                "seed": "sports",
                "sources": ["wordnet"],
            }
        ],
    }


def test_the_context_chooses_the_sense():
    Path("about.txt").write_text("organisms\nand their chromosomes\n")
    for context in ("organisms and their chromosomes", "@about.txt"):
        assert table(expand("sports", "--context", context).out)[1][0] == "mutation"


def test_two_knowledge_bases_and_a_word_of_both():
    Path("lists.txt").write_text("athletics,referee\n")
    outcome = run("kb", "expand", "sports", "--kb", "wordnet,lists.txt", "--wordnet", "wn", "--json")
    sources = {row["word"]: row["sources"] for row in json.loads(outcome.out)["words"]}
    assert len(sources["athletics"]) == 2
    assert sources["athletics"][0] == "wordnet"
    assert sources["sport"] == ["wordnet"]
    assert "referee" in sources


def test_by_default_whatever_is_here():
    sources = {
        source
        for row in json.loads(run("kb", "expand", "sports", "--limit", "1000", "--json").out)["words"]
        for source in row["sources"]
    }
    assert sources == {"lexicon"}
    named = json.loads(run("kb", "expand", "sports", "--wordnet", "wn", "--limit", "1000", "--json").out)
    assert {source for row in named["words"] for source in row["sources"]} == {"lexicon", "wordnet"}


def test_neighbours_in_a_plm():
    outcome = run(
        "kb", "expand", "sports", "--kb", "neighbours", "--plm", "minilm-mlm", "--json", "--limit", "5"
    )
    rows = json.loads(outcome.out)["words"]
    assert {row["source"] for row in rows} == {"neighbours"}
    assert "sport" in {row["word"] for row in rows}
    assert all(0 < row["distance"] < 1 for row in rows)


# What is refused -------------------------------------------------------------------------------------


def test_nothing_found_at_all():
    said = refused("kb", "expand", "xyzzy", "plugh", "--kb", "wordnet", "--wordnet", "wn")
    assert "Nothing related to 'xyzzy', 'plugh' was found in wordnet." in said


def test_no_wordnet_on_this_machine():
    said = refused("kb", "expand", "sports", "--kb", "wordnet")
    assert "WordNet is not on this machine." in said
    assert "`promptsearch kb get wordnet`" in said
    assert "`apt-get install wordnet-base`" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sports", "--kb", "wordnut"], "There is no knowledge base 'wordnut'. Did you mean wordnet?"),
        (["sports", "--kb", ","], "--kb names no knowledge base"),
        (["  "], "A word to expand is empty"),
        (["sports", "--wordnet", "."], "The folder holds no WordNet: data.noun is missing."),
        (["sports", "--conceptnet", "absent.csv.gz"], "absent.csv.gz"),
        (["sports", "--kb", "wordnet", "--wordnet", "wn", "--context", "@absent.txt"], "absent.txt"),
        (["sports", "--kb", "absent.txt"], "absent.txt"),
    ],
)
def test_what_is_refused(arguments, message):
    assert message in refused("kb", "expand", *arguments)


def test_a_damaged_wordnet():
    index = Path("wn/index.noun")
    index.write_bytes(index.read_bytes()[:-5])
    said = refused("kb", "expand", "sports", "--kb", "wordnet", "--wordnet", "wn")
    assert "WordNet cannot be read: the last line is cut off." in said
    assert "index.noun, line" in said


# Fetching and listing --------------------------------------------------------------------------------


def test_fetching_where_nothing_can_be_reached(monkeypatch):
    from nltk.downloader import Downloader

    monkeypatch.setattr(Downloader, "DEFAULT_URL", "http://127.0.0.1:9/index.xml")
    outcome = run("kb", "get", "wordnet", "--quiet")
    assert outcome.code == 2
    assert outcome.out == ""
    assert "WordNet cannot be fetched through nltk's downloader." in outcome.said
    assert "`apt-get install wordnet-base`" in outcome.said
    assert "`promptsearch kb get wordnet`" in outcome.said
    assert "[nltk_data]" not in outcome.err


def test_fetching_what_is_here():
    folder = write_wordnet(files.fetched_folder())
    outcome = run("kb", "get", "wordnet")
    assert (outcome.code, outcome.out) == (0, f"wordnet is in {folder}\n")
    assert run("kb", "expand", "geese", "--kb", "wordnet").code == 0


def test_what_cannot_be_fetched():
    said = refused("kb", "get", "conceptnet")
    assert "conceptnet-assertions-5.7.0.csv.gz" in said
    assert "--conceptnet FILE" in said
    assert "The knowledge base 'lexicon' needs no fetching" in refused("kb", "get", "lexicon")
    assert "Did you mean wordnet?" in refused("kb", "get", "wordnett")


def test_the_list():
    rows = {row["name"]: row for row in json.loads(run("kb", "list", "--json").out)}
    assert list(rows) == ["lexicon", "wordnet", "conceptnet", "neighbours"]
    assert [row["usable"] for row in rows.values()] == [True, False, False, True]
    assert "apt-get install wordnet-base" in rows["wordnet"]["hint"]
    rows = {row["name"]: row for row in json.loads(run("kb", "list", "--wordnet", "wn", "--json").out)}
    assert (rows["wordnet"]["usable"], rows["wordnet"]["where"]) == (True, "wn")
    out = run("kb", "list").out
    assert max(map(len, out.splitlines())) <= 80
    assert "apt-get install wordnet-base" in " ".join(out.split())


def test_conceptnets_relations_are_chosen(tmp_path):
    given = ["--kb", "conceptnet", "--conceptnet", str(written(tmp_path)), "--relations", "IsA,HasContext=2"]
    outcome = run("kb", "expand", "sport", *given, "--json")
    assert outcome.code == 0
    words = {
        entry["word"]: (entry["relation"], entry["weight"]) for entry in json.loads(outcome.out)["words"]
    }
    # What is a sport, and the vocabulary of sport at twice its weight; no synonyms, nothing it is related to.
    assert words == {"football": ("IsA", 9.0), "ice hockey": ("IsA", 4.0), "inning": ("HasContext", 2.0)}


def test_a_factor_that_is_no_number(tmp_path):
    given = ["--kb", "conceptnet", "--conceptnet", str(written(tmp_path)), "--relations", "IsA=much"]
    said = refused("kb", "expand", "sport", *given)
    assert "The factor of IsA is no number: 'much'." in said
