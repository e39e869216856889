import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.manual import templates_from_file, words_from
from promptsearch.engines.manual.user import unescape
from promptsearch.errors import TemplateError, VerbalizerError
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

LABELS = ("negative", "positive")
BAD_GOOD = Verbalizer.of({"negative": ["bad", "terrible"], "positive": ["good", "great"]}, LABELS)


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(tmp_path, content):
    return [str(template) for template in templates_from_file(written(tmp_path / "mine.txt", content))]


def test_one_template_a_line(tmp_path):
    content = "# mine\n{text} It was {mask}.\n\n  # indented\n{text}\\nSentiment: {mask}\n"
    assert read(tmp_path, content) == ["{text} It was {mask}.", "{text}\nSentiment: {mask}"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf{text} It was {mask}.\r\n{text} {mask}\r\n",
        b"{text} It was {mask}.  \t\r\n   {text} {mask} \r\n\r\n",
        b"{text} It was {mask}.\r{text} {mask}\r",
        "{text} It was {mask}.\n{text} {mask}".encode("utf-16"),
        b"{text} It was {mask}.\n{text} {mask}\n{text} It was {mask}.\n",
    ],
    ids=["byte-order mark and Windows line ends", "blanks at the ends", "old Mac", "UTF-16", "twice"],
)
def test_read_as_meant(tmp_path, content):
    assert read(tmp_path, content) == ["{text} It was {mask}.", "{text} {mask}"]


def test_only_line_ends_end_a_line(tmp_path):
    assert read(tmp_path, "{text}\x85so\u2028it was {mask}") == ["{text}\x85so\u2028it was {mask}"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"a\nb", "a\nb"), (r"a\tb", "a\tb"), (r"a\\nb", r"a\nb"), (r"a\\\nb", "a\\\nb"),
        (r"\#1 {text}", "#1 {text}"), (r"C:\data", r"C:\data"), ("a\\", "a\\"),
    ],
)  # fmt: skip
def test_escapes(source, expected):
    assert unescape(source) == expected


def test_a_hash_sign_can_start_a_template(tmp_path):
    assert read(tmp_path, "\\#1: {text} {mask}\n") == ["#1: {text} {mask}"]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n#{}\\")), max_size=5))
def test_every_written_template_is_read_again(tmp_path_factory, texts):
    sources = list(dict.fromkeys(f"{text.strip()} {{text}} {{mask}}".strip() for text in texts)) or ["{mask}"]
    path = tmp_path_factory.mktemp("templates") / "mine.txt"
    path.write_text("\n".join(sources), encoding="utf-8", newline="")
    if not any(source.startswith("\ufeff") for source in sources[:1]):
        assert templates_from_file(path) == [Template.parse(source) for source in sources]


def test_error_names_file_line_and_place(tmp_path):
    path = written(tmp_path / "mine.txt", "# first\r\n{text} {mask}\r\n\r\n{text} It was {mask\r\n")
    with pytest.raises(TemplateError) as error:
        templates_from_file(path)
    assert error.value.message == "a { that is never closed"
    assert error.value.where == f"{path}, line 4:\n{{text}} It was {{mask\n{' ' * 14}^"


def test_file_without_a_template(tmp_path):
    with pytest.raises(TemplateError, match="holds no template"):
        read(tmp_path, "\ufeff# nothing\n\n")


def test_file_that_cannot_be_read(tmp_path):
    with pytest.raises(TemplateError, match="no such file"):
        templates_from_file(tmp_path / "missing.txt")
    with pytest.raises(TemplateError, match="cannot be read"):
        templates_from_file(tmp_path)
    with pytest.raises(TemplateError, match="not UTF-8") as error:
        read(tmp_path, b"{text} {mask}\n{text} caf\xe9 {mask}\n")
    assert error.value.where == f"{tmp_path / 'mine.txt'}, line 2"


@pytest.mark.parametrize(
    "given_words",
    [
        "negative=bad,terrible;positive=good,great",
        " positive = good , great ; negative = bad,terrible ; ",
        "negative=bad,terrible;positive=good,great,",
    ],
)
def test_inline_words(given_words):
    assert words_from(given_words, LABELS) == BAD_GOOD


def test_words_by_readable_name():
    found = words_from("negative=bad,terrible;Positive=good,great", (0, 1), LABELS)
    assert found == Verbalizer((0, 1), BAD_GOOD.answers)


def test_words_by_label_go_before_names():
    # The label 1 is named "0": a key "0" means the label 0.
    found = words_from("0=a;1=b", (0, 1), ("1", "0"))
    assert found == Verbalizer.of(["a", "b"], (0, 1))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_words_from_json(tmp_path, mark):
    content = mark + json.dumps({"positive": ["good", "great"], "negative": ["bad", "terrible"]})
    assert words_from(written(tmp_path / "words.json", content), LABELS) == BAD_GOOD


def test_words_with_weights_from_json(tmp_path):
    path = written(tmp_path / "a=b.json", '{"negative": {"bad": 2, "awful": 0.5}, "positive": "good"}')
    found = words_from(str(path), LABELS)
    assert [(answer.text, answer.weight) for answer in found.answers[0]] == [("bad", 2.0), ("awful", 0.5)]


@pytest.mark.parametrize(
    ("given_words", "message"),
    [
        ("negative=bad;positiv=good", "no label words for the label 'positive'"),
        ("negative=bad", "no label words for the label 'positive'"),
        ("negative=bad;positive=good;negative=awful", "'negative' is given twice"),
        ("negative=bad;positive=", "the label 'positive' has no answer"),
        ("negative=bad;good", "'good' is not label=words"),
        ("negative=bad;positive=good;mixed=so", "label words for 'mixed', which is not a label of the task"),
    ],
)
def test_inline_words_that_do_not_fit(given_words, message):
    with pytest.raises(VerbalizerError) as error:
        words_from(given_words, LABELS)
    assert error.value.message == message
    assert error.value.where == f"in {given_words!r}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"negative": "bad", "negative": "good"}', "'negative' is given twice"),
        ('["bad", "good"]', "label words must be given by label, not as ['bad', 'good']"),
        (
            '{"negative": 3, "positive": "good"}',
            "the words of label 'negative' must be text or a list of texts, not 3",
        ),
    ],
)  # fmt: skip
def test_json_words_that_do_not_fit(tmp_path, content, message):
    path = written(tmp_path / "words.json", content)
    with pytest.raises(VerbalizerError) as error:
        words_from(path, LABELS)
    assert error.value.message == message
    assert error.value.where == f"in {str(path)!r}"


def test_words_file_that_is_not_json(tmp_path):
    path = written(tmp_path / "words.json", '{"negative": ["bad"],\n "positive" ["good"]}')
    with pytest.raises(VerbalizerError, match="not JSON: Expecting ':' delimiter") as error:
        words_from(path, LABELS)
    assert error.value.where == f"{path}, line 2, column 13"


def test_a_name_that_is_neither_file_nor_words():
    with pytest.raises(VerbalizerError, match="no such file"):
        words_from("words.jsn", LABELS)
