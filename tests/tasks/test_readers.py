from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptsearch.errors import DataError
from promptsearch.tasks import read_rows
from promptsearch.tasks.delimited import parse_csv, parse_tsv
from promptsearch.tasks.readers import parse_jsonl

any_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
nasty = st.sampled_from(
    ["a\u0085b", "a\u2028b", '"', '""', "a,b;c\td", "x\r\ny", "\n", "'", "\ufeff", "", " "]
)
texts = st.lists(st.tuples(any_text | nasty, any_text | nasty), min_size=1, max_size=8)


def written_csv(rows: list[tuple[str, str]], delimiter: str = ",", end: str = "\r\n") -> str:
    out = io.StringIO(newline="")
    # Python's writer leaves a lone \r unquoted where lines end in \n.
    quoting = csv.QUOTE_ALL if end == "\n" else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([("text", "label"), *rows])
    return out.getvalue()


@given(texts, st.sampled_from([",", ";"]), st.sampled_from(["\n", "\r\n"]))
def test_csv_gives_back_what_was_written(rows, delimiter, end):
    _, parsed = parse_csv(written_csv(rows, delimiter, end), "x.csv")
    assert parsed == [{"text": text, "label": label} for text, label in rows]


@given(texts)
def test_quoted_tsv_gives_back_what_was_written(rows):
    _, parsed = parse_tsv(written_csv(rows, "\t"), "x.tsv")
    assert parsed == [{"text": text, "label": label} for text, label in rows]


@given(texts, st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_jsonl_gives_back_what_was_written(rows, ascii_only, end):
    wanted = [{"text": text, "label": label} for text, label in rows]
    content = end.join(json.dumps(row, ensure_ascii=ascii_only) for row in wanted)
    assert parse_jsonl(content, "x.jsonl") == wanted


@given(texts)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_format_reads_alike_gzipped_or_not(tmp_path: Path, rows):
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = [{"text": text, "label": label} for text, label in rows]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(wanted), buffer)
    contents = {
        "csv": written_csv(rows).encode(),
        "json": json.dumps(wanted).encode(),
        "jsonl": "\n".join(map(json.dumps, wanted)).encode(),
        "parquet": buffer.getvalue(),
    }
    for suffix, content in contents.items():
        (tmp_path / f"a.{suffix}").write_bytes(content)
        (tmp_path / f"a.{suffix}.gz").write_bytes(gzip.compress(content, 1))
        assert read_rows(tmp_path / f"a.{suffix}") == wanted
        assert read_rows(tmp_path / f"a.{suffix}.gz") == wanted


def test_control_characters_do_not_end_a_json_line(write):
    path = write("a.jsonl", b'{"text": "one\xc2\x85two\xe2\x80\xa8three", "label": 0}\r\n\r\n{"text": "b"}')
    assert read_rows(path) == [{"text": "one\u0085two\u2028three", "label": 0}, {"text": "b"}]


def test_byte_order_mark_and_windows_line_ends(write):
    assert read_rows(write("a.csv", b"\xef\xbb\xbftext,label\r\nfine,1\r\n")) == [
        {"text": "fine", "label": "1"}
    ]
    assert read_rows(write("a.tsv", b"\xef\xbb\xbftext\tlabel\r\nfine\t1\r\n")) == [
        {"text": "fine", "label": "1"}
    ]
    assert read_rows(write("a.jsonl", b'\xef\xbb\xbf{"text": "fine"}\r\n')) == [{"text": "fine"}]


def test_quotes_in_a_plain_tsv_belong_to_the_text(write):
    path = write("a.tsv", 'sentence\tlabel\n"so what" , he says\t0\na 5" screen\t1\n"open\t1\n')
    assert [row["sentence"] for row in read_rows(path)] == ['"so what" , he says', 'a 5" screen', '"open']


def test_json_lines_under_a_json_name(write):
    assert read_rows(write("a.json", '{"text": "a"}\n{"text": "b"}\n')) == [{"text": "a"}, {"text": "b"}]


def test_cells_longer_than_the_csv_modules_limit(write):
    limit = csv.field_size_limit()
    assert len(str(read_rows(write("a.csv", f"text,label\n{'x' * 200_000},1\n"))[0]["text"])) == 200_000
    assert csv.field_size_limit() == limit


def test_a_row_cut_short_lacks_its_last_columns(write):
    assert read_rows(write("a.csv", "text,label\nonly text\n")) == [{"text": "only text"}]


@pytest.mark.parametrize(
    ("name", "content", "message", "where"),
    [
        ("a.jsonl", '{"a": 1}\n\n{"a": \n', "line 3 is not valid JSON", "a.jsonl, line 3"),
        ("a.jsonl", '{"a": 1}\n[1]\n', "line 2 is a JSON list", "a.jsonl, line 2"),
        ("a.json", '[{"a": 1},\n {"a" 2}]', "line 2 is not valid JSON", "a.json, line 2"),
        ("a.json", '[{"a": 1}, 7]', "item 2 of the list is a number", "a.json"),
        ("a.json", '{\n"a": 1\n}', "one JSON object, not a list", "a.json"),
        ("a.csv", "text,label\na,1\nb,c,2\n", "line 3 has 3 cells, but there are 2 columns", "line 3"),
        (
            "a.csv",
            'text,label\na,1\n"open,2\nb,3\n',
            "the csv cannot be read",
            "the row that begins at line 3",
        ),
        ("a.csv", "text,text\na,1\n", "names the column 'text' twice", "line 1"),
        ("a.csv", "text,label\n", "no rows", "a.csv"),
        ("a.csv", "", "no rows", "a.csv"),
        ("a.jsonl", "\n \n", "no rows", "a.jsonl"),
        ("a.parquet", "", "the file is empty", "a.parquet"),
        ("a.parquet", "PAR1 but no more", "the parquet file cannot be read", "a.parquet"),
        (
            "a.jsonl",
            "fine so far\n \udcff".encode(errors="surrogateescape"),
            "byte 0xff at position 13",
            "line 2",
        ),
        ("a.jsonl", b"\xef\xbb\xbfna\xefve", "byte 0xef at position 5", "line 1"),
        (
            "a.jsonl.gz",
            gzip.compress(b'{"a": 1}\n' * 99, mtime=0)[:-12],
            "the gzip file ends too early",
            "a.jsonl.gz",
        ),
        ("a.jsonl.gz", b'{"a": 1}\n', "named .gz but is not gzipped", "a.jsonl.gz"),
        ("a.xlsx", "x", "of no format that can be read", "a.xlsx"),
    ],
)
def test_a_damaged_file_is_named_with_its_place(write, name, content, message, where):
    path = write(name, content)
    with pytest.raises(DataError) as caught:
        read_rows(path)
    assert message in caught.value.message
    assert where in str(caught.value.where)
    assert caught.value.hint


def test_the_hint_for_another_encoding_is_a_command(write):
    with pytest.raises(DataError, match=r"iconv -f windows-1252 -t utf-8 a\.csv > utf8-a\.csv"):
        read_rows(write("a.csv", b"text,label\ncaf\xe9,1\n"))
    with pytest.raises(DataError, match="iconv -f utf-16"):
        read_rows(write("b.csv", "text,label\na,1\n".encode("utf-16")))


def test_missing_file(tmp_path: Path):
    with pytest.raises(DataError, match="no such file"):
        read_rows(tmp_path / "none.csv")


@pytest.mark.parametrize("value", ["1" * 5000, "[" * 100_000])
@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
def test_json_that_python_refuses_to_read(write, name, value):
    with pytest.raises(DataError, match=r"nested too deeply|too many digits"):
        read_rows(write(name, f'{{"text": "a", "label": {value}'))
