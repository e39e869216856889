import csv
import gzip
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.errors import DataError
from promptsearch.knowledge.lists import WordLists

LABELS = ("neg", "pos")
NAMES = ("negative", "positive")


def read(tmp_path, content, name="words.txt", labels=LABELS, names=NAMES):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return WordLists.read(path, labels, names)


def shown(lists):
    return [[r.word for r in lists.words_of(i)] for i in range(len(lists.label_names))]


def weights(lists):
    return [{r.word: r.weight for r in lists.words_of(i)} for i in range(len(lists.label_names))]


def failure(tmp_path, content, name="words.txt", **task):
    with pytest.raises(DataError) as caught:
        read(tmp_path, content, name, **task)
    return caught.value


def test_a_line_for_each_label(tmp_path):
    lists = read(tmp_path, "bad,terrible,not good\ngood, great\n")
    assert shown(lists) == [["bad", "terrible", "not good"], ["good", "great"]]
    first, second, _ = lists.words_of(0)
    assert (first.relation, first.distance, first.source, first.weight) == ("listed", 1.0, "lists", 1.0)
    assert (second.distance, second.seed) == (1.001, "negative")


def test_byte_order_mark_line_ends_and_blanks(tmp_path):
    content = b"\xef\xbb\xbfbad , awful  \r\n\r\n good,  great\t\r\n\r\n"
    assert shown(read(tmp_path, content)) == [["bad", "awful"], ["good", "great"]]
    assert shown(read(tmp_path, gzip.compress(content), "words.txt.gz")) == [
        ["bad", "awful"],
        ["good", "great"],
    ]
    assert shown(read(tmp_path, "bad\ngood", "words")) == [["bad"], ["good"]]


@pytest.mark.parametrize("cut", [",", ";", "\t"])
def test_csv(tmp_path, cut):
    rows = [
        ["Label", "Word", "weight", "relation"],
        ["pos", "good", "2", "synonym"],
        ["NEGATIVE", "bad", "", ""],
    ]
    content = "".join(cut.join(row) + "\r\n" for row in rows) + cut * 3 + "\r\n"
    lists = read(tmp_path, content, "words.csv")
    assert weights(lists) == [{"bad": 1.0}, {"good": 2.0}]
    assert [lists.words_of(i)[0].relation for i in (0, 1)] == ["listed", "synonym"]


def test_tsv(tmp_path):
    assert shown(read(tmp_path, "word\tlabel\nbad, bad\tneg\n", "words.tsv")) == [["bad, bad"], []]


def test_jsonl(tmp_path):
    lines = [
        {"label": "neg", "word": "bad"},
        {"label": "pos", "words": {"good": 2, "fine": 0.5}},
        {"label": "Neg", "words": ["awful", "bad"]},
        {"label": "neg", "word": "bad", "weight": 3},
    ]
    lists = read(tmp_path, "\n\n".join(map(json.dumps, lines)), "words.jsonl")
    assert weights(lists) == [{"bad": 3.0, "awful": 1.0}, {"good": 2.0, "fine": 0.5}]


@pytest.mark.parametrize("indent", [None, 2])
def test_json(tmp_path, indent):
    content = json.dumps({"pos": ["good", "great"], "neg": {"bad": 0}}, indent=indent)
    assert weights(read(tmp_path, content, "words.json")) == [{"bad": 0.0}, {"good": 1.0, "great": 1.0}]


def test_json_list_of_objects(tmp_path):
    content = json.dumps([{"label": "pos", "word": "good"}, {"label": "neg", "words": "bad"}], indent=1)
    assert shown(read(tmp_path, content, "words.json")) == [["bad"], ["good"]]


def test_words_that_stand_twice_are_merged_with_the_highest_weight(tmp_path):
    content = "label,word,weight\nneg,bad,1\nneg,awful,2\nneg,bad,5\nneg,bad,3\npos,bad,0\n"
    lists = read(tmp_path, content, "words.csv")
    assert weights(lists) == [{"bad": 5.0, "awful": 2.0}, {"bad": 0.0}]
    assert shown(lists)[0] == ["bad", "awful"]


def test_labels_that_are_numbers(tmp_path):
    content = '{"label": 1, "word": "good"}\n{"label": "0", "word": "bad"}'
    assert shown(read(tmp_path, content, "words.jsonl", labels=(0, 1))) == [["bad"], ["good"]]
    content = '{"true": ["yes"], "false": ["no"]}'
    assert shown(read(tmp_path, content, "w.json", labels=(False, True), names=("no", "yes"))) == [
        ["no"],
        ["yes"],
    ]


def test_labels_that_differ_in_case_alone(tmp_path):
    content = "label,word\nA,one\na,two\n"
    assert shown(read(tmp_path, content, "w.csv", labels=("a", "A"), names=("a", "A"))) == [["two"], ["one"]]


def test_a_spelling_that_would_do_for_two_labels_is_refused(tmp_path):
    names = ("free time", "free_time")
    content = "label,word\nfree time,hobbies\nfree_time,leisure\n"
    assert shown(read(tmp_path, content, "w.csv", labels=names, names=names)) == [["hobbies"], ["leisure"]]
    error = failure(tmp_path, "label,word\nFree-Time,hobbies\n", "w.csv", labels=names, names=names)
    assert error.message == "there is no label 'Free-Time'"


def test_expand(tmp_path):
    names = ("Sci/Tech", "food_and_wine", "World")
    lists = read(tmp_path, "science,lasers\nwine,Wine,bread\nworld,peace\n", labels=names, names=names)
    assert [r.word for r in lists.expand(["WORLD"])] == ["peace"]
    assert [r.word for r in lists.expand(["science", "technology"])] == ["lasers"]
    assert [r.word for r in lists.expand(["food", "wine"])] == ["bread"]
    assert [r.word for r in lists.expand(["food_and_wine"])] == ["wine", "bread"]
    assert lists.expand(["unheard-of"]) == ()
    assert lists.expand([]) == ()


@pytest.mark.parametrize("content", ["bad\n", "bad\ngood\nbetter\n"])
def test_number_of_lines(tmp_path, content):
    error = failure(tmp_path, content)
    assert error.message == f"{content.count(chr(10))} lines of words for 2 labels"
    assert "negative, positive" in error.hint


@pytest.mark.parametrize(
    ("name", "content", "message", "where"),
    [
        ("w.txt", "bad,,awful\ngood\n", "word 2 is empty", "w.txt, line 1"),
        ("w.txt", "bad\n\ngood,\n", "word 2 is empty", "w.txt, line 3"),
        ("w.txt", "", "the file holds no words", "w.txt"),
        ("w.csv", "label,word\nneg,bad\npos, \n", "a word is empty", "w.csv, row 2"),
        ("w.csv", "label,word\n,bad\n", "the label is missing", "w.csv, row 1"),
        ("w.csv", "label,word\nneg\n", "row 1 must have either word or words", "w.csv, row 1"),
        ("w.csv", "neg,bad\npos,good\n", "there is no column 'label'", "w.csv, line 1: neg,bad"),
        ("w.csv", "label,text\nneg,bad\n", "there is no column 'word'", "w.csv, line 1: label,text"),
        ("w.csv", "label,word,wieght\nneg,bad,1\n", "'wieght' is not known", "w.csv"),
        ("w.csv", "label,word,weight\nneg,bad,-1\n", "number >= 0, not '-1'", "w.csv, row 1"),
        ("w.csv", "label,word,weight\nneg,bad,nan\n", "number >= 0, not 'nan'", "w.csv, row 1"),
        ("w.csv", "label,word,weight\nneg,bad,1e999\n", "number >= 0, not '1e999'", "w.csv, row 1"),
        ("w.csv", "label;word;weight\nneg;bad;0,5\n", "number >= 0, not '0,5'", "w.csv, row 1"),
        ("w.jsonl", '{"label": "neg", "word": "bad", "weight": true}', "not True", "w.jsonl, row 1"),
        ("w.jsonl", '{"label": "neg", "word": "bad", "weight": [1]}', "not [1]", "w.jsonl, row 1"),
        ("w.jsonl", '{"label": "neg", "word": 7}', "a word must be text, not 7", "w.jsonl, row 1"),
        ("w.jsonl", '{"label": "neg", "words": 7}', "words must be a list", "w.jsonl, row 1"),
        (
            "w.jsonl",
            '{"label": "neg", "word": "a", "words": ["b"]}',
            "either word or words",
            "w.jsonl, row 1",
        ),
        ("w.jsonl", '{"label": null, "word": "a"}', "the label is missing", "w.jsonl, row 1"),
        ("w.jsonl", '{"label": "neg"', "line 1 is not valid JSON", "w.jsonl, line 1"),
        ("w.json", '{"neg": ["bad"],\n "pos": [}', "this is not valid JSON", "w.json, line 2, column 10"),
        ("w.json", '{"neg": ["bad"], "neg": ["awful"]}', "'neg' stands twice in one object", "w.json"),
        ("w.json", '{"neg": ["bad", ""]}', "a word is empty", "w.json, label 'neg'"),
        ("w.json", '{"neg": {"bad": "x"}}', "number >= 0, not 'x'", "w.json, label 'neg'"),
        ("w.json", "[1, 2]", "the file holds no JSON object of labels", "w.json"),
        ("w.json", "{}", "the file holds no words", "w.json"),
        ("w.parquet", "PAR1", "words cannot be read from parquet", "w.parquet"),
    ],
)
def test_bad_files(tmp_path, name, content, message, where):
    error = failure(tmp_path, content, name)
    assert message in error.message
    assert str(error.where).startswith(f"{tmp_path}/{where}")
    assert error.hint


def test_unknown_label(tmp_path):
    error = failure(tmp_path, "label,word\nneg,bad\npositiv,good\n", "w.csv")
    assert error.message == "there is no label 'positiv'"
    assert error.where.endswith("w.csv, row 2")
    assert error.hint == "Did you mean 'positive'? Labels: negative, positive."
    error = failure(tmp_path, '{"seventeen": ["bad"]}', "w.json")
    assert error.hint == "Labels: negative, positive."


def test_wrong_encoding(tmp_path):
    error = failure(tmp_path, "bad\ngrün,good\n".encode("latin-1"))
    assert "byte 0xfc at position 6" in error.message
    assert error.where.endswith("words.txt, line 2")
    assert "iconv -f windows-1252" in error.hint
    assert "utf-16" in failure(tmp_path, "bad\ngood\n".encode("utf-16"), "w.csv").hint


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        WordLists.read(tmp_path / "none.txt", LABELS, NAMES)
    assert "ends too early" in failure(tmp_path, gzip.compress(b"bad\ngood\n")[:-9], "w.txt.gz").message


WORD = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters=","), min_size=1
)
TABLE = st.tuples(*[st.dictionaries(WORD, st.floats(0, 1e9), min_size=1, max_size=6)] * 2)


@given(TABLE)
def test_lines_round_trip(tmp_path_factory, table):
    content = "".join(",".join(words) + "\n" for words in table)
    lists = read(tmp_path_factory.mktemp("lists"), content)
    assert shown(lists) == [list(words) for words in table]


@given(TABLE, st.sampled_from([",", ";", "\t"]))
def test_csv_round_trip(tmp_path_factory, table, cut):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=cut)
    writer.writerow(["label", "word", "weight"])
    writer.writerows([label, word, w] for label, words in zip(LABELS, table) for word, w in words.items())
    assert weights(read(tmp_path_factory.mktemp("lists"), out.getvalue(), "w.csv")) == list(table)


@given(TABLE)
def test_json_round_trip(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("lists")
    by_label = dict(zip(LABELS, table))
    assert weights(read(folder, json.dumps(by_label), "w.json")) == list(table)
    lines = "\n".join(json.dumps({"label": label, "words": words}) for label, words in by_label.items())
    assert weights(read(folder, lines, "w.jsonl")) == list(table)
