"""Lines into sentences by the bundled rules, and by Punkt's English model where nltk's data has it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.corpus import Corpus
from promptsearch.corpus.abbreviations import ABBREVIATIONS
from promptsearch.corpus.sentences import splitter
from promptsearch.errors import DataError
from tests.corpus.writing import whole

by_rules = splitter("rules")
assert by_rules is not None


@pytest.mark.parametrize(
    "sentences",
    [
        ["It works."],
        ["It works.", "So does he."],
        ["Does it?", "Yes!", "It does... Good… Very."],
        ['He said "Go."', "She went.", '"Why?" he asked.', "(Nobody knew.)", "So."],
        ["Mr. Smith met Dr. Jones of Acme Inc. in St. Louis on Jan. 5, e.g. at 5 p.m. on the U.S. coast."],
        ["J. R. R. Tolkien knew C.S. Lewis and W.R. MacDonald.", "They wrote."],
        ["It cost 3.5 million.", "Version 2.0 came later."],
        ["He wanted . . . nothing at all."],
        ["it works .", "so does he ."],
        ["Он приехал.", "Она уехала."],
        ["see www.example.org for more. then stop"],
        ["Das ist gut. ähnlich wie vorher"],
    ],
)
def test_the_rules_split_where_a_reader_would(sentences):
    assert by_rules(" ".join(sentences)) == sentences


words = st.sampled_from(
    ["film", "Film", "I", "J", "5", "1.5", "well-known", "(x", '"Go', *sorted(ABBREVIATIONS)]
)
ends = st.sampled_from([".", "?", "!", '."', "?!", ".)", "..."])


@given(words, ends, st.sampled_from(["The", "Émile", "5", '"Go', "(so"]))
def test_the_rules_decide_as_punkt_does_when_it_knows_abbreviations(word, end, after):
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    parameters = PunktParameters()
    parameters.abbrev_types.update(ABBREVIATIONS)
    by_punkt = PunktSentenceTokenizer(parameters).text_contains_sentbreak
    assert len(by_rules(f"{word}{end} {after}")) == 1 + by_punkt(f"{word}{end} {after}")


def test_a_line_is_a_sentence_where_nothing_is_split():
    corpus = Corpus.of_texts(["One. Two.\nThree. Four."], sentences="none")
    assert whole(corpus).sentences == [(0, "One. Two."), (0, "Three. Four.")]
    assert corpus.splitting == "none"


def test_sentences_keep_the_number_of_their_row():
    corpus = Corpus.of_texts(["One. Two.\n\nThree.", "", "Four. Five."], sentences="rules")
    found = whole(corpus, 1)
    assert found.sentences == [(0, "One."), (0, "Two."), (0, "Three."), (2, "Four."), (2, "Five.")]
    assert found.lines == 3


def test_without_punkts_model_it_is_refused_and_the_rules_stand_in(tmp_path: Path):
    """In a process of its own, whose nltk looks for data nowhere."""
    program = """
import nltk.data
nltk.data.path[:] = []  # which both look through
from promptsearch.corpus import Corpus
from promptsearch.errors import DataError
print(Corpus.of_texts(["x"]).splitting)
try:
    Corpus.of_texts(["x"], sentences="punkt")
except DataError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "rules",
        "Punkt's English model is not in nltk's data",
        "python -m nltk.downloader punkt_tab, or split by the bundled rules (rules).",
    ]


def test_punkts_model_is_used_where_it_is(tmp_path: Path, monkeypatch):
    """A small model in the files' own format, which knows one abbreviation."""
    import nltk.data

    from promptsearch.corpus import sentences

    folder = tmp_path / "tokenizers/punkt_tab/english"
    folder.mkdir(parents=True)
    for name, content in {
        "abbrev_types.txt": "xyz",
        "collocations.tab": "",
        "sent_starters.txt": "",
        "ortho_context.tab": "",
    }.items():
        (folder / name).write_text(content)
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    sentences._splitter_by_punkt.cache_clear()
    corpus = Corpus.of_texts(["The xyz. Smith came. Then Mr. Jones."], sentences="auto")
    assert corpus.splitting == "punkt"
    found = [text for _, text in whole(corpus).sentences]
    sentences._splitter_by_punkt.cache_clear()
    assert found == ["The xyz. Smith came.", "Then Mr.", "Jones."]


def test_models_and_tables_are_not_loaded_to_read_text(tmp_path: Path):
    (tmp_path / "x.txt").write_text("One sentence.\nMr. Smith came. He went.\n")
    program = f"""
import sys
from dataclasses import replace
from promptsearch.corpus import Corpus
assert not {{"nltk", "pyarrow", "datasets"}} & set(sys.modules)
corpus = Corpus.of([{str(tmp_path / "x.txt")!r}])
corpus = replace(corpus, splitting="rules")
print([corpus.read(part).sentences for part in corpus.segments()])
assert not {{"nltk", "torch", "transformers", "pyarrow", "datasets"}} & set(sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[[(0, 'One sentence.'), (1, 'Mr. Smith came.'), (1, 'He went.')]]"


def test_an_unknown_way_of_splitting_is_refused():
    with pytest.raises(DataError, match="sentences cannot be split by 'spacy'"):
        Corpus.of_texts(["x"], sentences="spacy")  # ty: ignore[invalid-argument-type]


def test_an_initial_in_quotation_marks_ends_its_sentence():
    assert by_rules('He said "I." The end.') == ['He said "I."', "The end."]
    assert by_rules("He met I. Newton.") == ["He met I. Newton."]
