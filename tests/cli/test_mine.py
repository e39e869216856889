"""`promptsearch mine` without a PLM, from the outside: what it prints and writes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from promptsearch.cli.mine_options import MineOptions
from promptsearch.engines.mining.config import MiningConfig
from tests.cli.conftest import lines
from tests.cli.files import names_in, read
from tests.cli.mining import TOWNS, write_pairs, write_text
from tests.cli.running import run

BORN, HOME = "{subject} was born in {mask}.", "{mask} is home to {subject}."


def mined(*arguments: str) -> dict:
    """What mining alone prints with --json; the run's folder is `run`."""
    outcome = run("mine", *arguments, "--no-plm", "--json", "--out", "run", "--offline")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def supports(record: dict) -> dict[str, int]:
    return {entry["template"]: entry["support"] for entry in record["mining"]["templates"]}


def of_towns(*more: str) -> dict:
    return mined("--pairs", write_pairs(), "--corpus", write_text(), *more)


def test_pairs_of_ones_own_are_all_mined_with():
    record = of_towns()
    assert supports(record) == {BORN: 6, HOME: 3}
    assert (record["mining"]["pairs"], record["mining"]["met"], record["mining"]["sentences"]) == (6, 6, 10)
    assert record["mining"]["missed"] == 0


def test_json_of_mining_alone():
    record = of_towns("--top", "1")
    assert set(record) == {"folder", "task", "stand_in_for", "seconds", "notices", "mining"}
    assert (record["folder"], record["task"], record["stand_in_for"]) == ("run", "towns:towns", None)
    (template,) = record["mining"].pop("templates")
    assert record["mining"].pop("found") == 2
    assert set(template) == {
        *("template", "prefix", "support", "each_wording_may_lack", "others", "specificity"),
        *("examples", "merged"),
    }
    assert template["prefix"] == "{subject} was born in {mask}"
    first = template["examples"][0]
    assert first["sentence"] == "Ada was born in Rome."
    assert (first["x"], first["y"], first["words"], first["line"]) == ([0, 3], [16, 20], [3, 16], 1)
    written = json.loads(read("run/mined.json"))
    assert len(written.pop("templates")) == 2
    assert written == record["mining"]


def test_what_mining_alone_shows_and_writes():
    outcome = run(
        *("mine", "--pairs", write_pairs(), "--corpus", write_text()), "--no-plm", "--out", "run", "-q"
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines())) <= 80
    shown = " ".join(outcome.out.split())
    assert "Mined 10 sentences" in shown
    assert "6 of 6 pairs met, 2 templates found." in shown
    assert re.search(r"template support specificity \{subject\} was born in \{mask\}\. 6 0\.\d\d", shown)
    assert "Ada was born in Rome. Bo was born in Oslo." in shown
    assert "Cy was" not in shown  # two sentences a template
    assert "Files in run: config.json, mined.json, report.md" in shown
    assert names_in("run") == ["config.json", "mined.json", "report.md"]
    report = read("run/report.md")
    assert "was born in" in report
    assert "2 templates in 10 sentences" in report
    assert json.loads(read("run/config.json"))["mining"]["corpora"] == ["towns.txt"]


def test_mining_alone_loads_no_torch():
    write_pairs(), write_text()
    program = (
        "import sys\nfrom promptsearch.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "print([n for n in ('torch', 'transformers', 'datasets') if n in sys.modules], file=sys.stderr)"
    )
    arguments = ("mine", "--pairs", "towns.csv", "--corpus", "towns.txt", "--no-plm", "--quiet")
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, check=True)
    assert done.stderr.decode().strip() == "[]"


def test_options_reach_the_mining():
    write_pairs("lower.csv", {x.lower(): y for x, y in TOWNS.items()})
    lower = ("--pairs", "lower.csv", "--corpus", write_text())
    assert supports(mined(*lower)) == {BORN: 6, HOME: 3}
    assert supports(mined(*lower, "--case-sensitive")) == {}
    assert supports(of_towns("--min-support", "4")) == {BORN: 6}
    assert supports(of_towns("--between", "2")) == {}
    assert supports(of_towns("--workers", "2")) == {BORN: 6, HOME: 3}


def test_without_options_mining_is_that_of_the_engine():
    assert MineOptions().mining() == MiningConfig()


def test_accents():
    pairs = {"José": "Bogotá", "Zoë": "Málaga"}
    Path("plain.txt").write_text("Jose was born in Bogota.\nZoe was born in Malaga.\n", "utf-8")
    given = ("--pairs", write_pairs("accents.csv", pairs), "--corpus", "plain.txt")
    assert supports(mined(*given)) == {BORN: 2}
    assert supports(mined(*given, "--keep-accents")) == {}


def test_several_places_and_a_column():
    Path("texts").mkdir()
    write_text("texts/a.txt", dict(list(TOWNS.items())[:2]))
    lines("b.jsonl", [{"said": "Cy was born in Paris."}, {"said": "Di was born in Lima."}])
    record = mined(
        *("--pairs", write_pairs(), "--corpus", "texts", "--corpus", "b.json*", "--column", "said"),
        *("--sentences", "none"),
    )
    assert supports(record)[BORN] == 4
    assert len(record["mining"]["sources"]) == 2


def test_a_relation_of_ones_own_file():
    rows: list[dict[str, object]] = [{"relation": "P19", "x": x, "y": y} for x, y in TOWNS.items()]
    rows += [{"relation": "P26", "x": "Ada", "y": "Bo"}, {"relation": "P26", "x": "Cy", "y": "Di"}]
    lines("two.jsonl", rows)
    Path("text.txt").write_text(
        read(write_text()) + "Ada was born in Bo.\nAda loves Bo.\nCy loves Di.\n", "utf-8"
    )
    born = mined("--pairs", "two.jsonl", "--relation", "P19", "--corpus", "text.txt")
    assert born["task"] == "two:P19"
    by_template = {entry["template"]: entry for entry in born["mining"]["templates"]}
    assert by_template[BORN]["others"] >= 1  # a pair of the other relation stands in it too
    assert supports(mined("--pairs", "two.jsonl", "--relation", "P26", "--corpus", "text.txt")) == {
        "{subject} loves {mask}.": 2
    }


def test_aliases():
    rows: list[dict[str, object]] = [
        {"subject": "Cyrus the Elder", "object": "Paris", "aliases": ["Cy"]},
        {"subject": "Edward", "object": "Al-Qahira", "aliases": "Eddy|Ed", "object_aliases": ["Cairo"]},
    ]
    lines("aliases.jsonl", rows)
    assert supports(mined("--pairs", "aliases.jsonl", "--corpus", write_text())) == {BORN: 2}


def test_names_of_regex_characters():
    pairs = {"A.*B": "[x](y)", "C++": "D|E", "f(x) = ^$": "\\d+"}
    record = mined(
        "--pairs",
        write_pairs("odd.csv", pairs),
        "--corpus",
        write_text("odd.txt", pairs),
        "--relation",
        "P19",
    )
    assert supports(record)[BORN] == 3
    assert record["task"] == "odd:P19"


def test_text_from_right_to_left():
    pairs = {"ירושלים": "ישראל", "לונדון": "אנגליה", "פריז": "צרפת"}
    Path("rtl.txt").write_text("".join(f"{x} היא בירת {y}.\n" for x, y in pairs.items()), "utf-8")
    given = ("--pairs", write_pairs("rtl.csv", pairs), "--corpus", "rtl.txt")
    assert supports(mined(*given)) == {"{subject} היא בירת {mask}.": 3}
    outcome = run("mine", *given, "--no-plm", "--out", "shown")
    assert outcome.code == 0
    assert "ירושלים היא בירת ישראל." in outcome.out


def test_a_broken_line_is_located():
    Path("own.jsonl").write_text('{"text": "Ada was born in Rome."}\n{"text": "Bo\n', "utf-8")
    record = mined("--pairs", write_pairs(), "--corpus", "own.jsonl", "--min-support", "1")
    assert supports(record) == {BORN: 1}
    (told,) = record["notices"]
    assert told == "own.jsonl: 1 line left out (no JSON object, or no text as 'text'), line 2."


def test_earlier_runs_are_no_text():
    write_text(), write_pairs()
    given = ("mine", "--pairs", "towns.csv", "--corpus", ".", "--no-plm")
    assert run(*given, "--out", "first").code == 0
    outcome = run(*given, "--out", "second")
    assert "1 run folder of promptsearch was left out of the corpus." in outcome.said
    first, second = (json.loads(read(f"{folder}/mined.json")) for folder in ("first", "second"))
    assert first["templates"] == second["templates"]
    assert "1 run folder of promptsearch" in read("second/report.md")


def test_one_pair_is_told_in_the_singular():
    pairs = write_pairs("one.csv", {"Ada": "Rome"})
    outcome = run("mine", "--pairs", pairs, "--corpus", write_text(), "--no-plm", "--out", "run")
    assert "1 of 1 pair met" in " ".join(outcome.out.split())
    assert "1 of 1 pair was met" in read("run/report.md")


def test_nothing_found_is_no_failure():
    Path("other.txt").write_text("Ada never saw Oslo.\n", "utf-8")
    outcome = run("mine", "--pairs", write_pairs(), "--corpus", "other.txt", "--no-plm", "--out", "run")
    assert outcome.code == 0
    said = " ".join(outcome.out.split())
    assert "Nothing was found. No sentence holds both sides of a pair: of 6 subjects 1 occur" in said
    assert json.loads(read("run/mined.json"))["templates"] == []
    assert "No sentence holds both sides of a pair" in read("run/report.md")


def test_pairs_that_cannot_be_mined_are_told():
    pairs = {**TOWNS, "Rome": "rome", "Nobody": " ", "Q": "Lyon"}
    record = mined("--pairs", write_pairs("bad.csv", pairs), "--corpus", write_text())
    assert record["mining"]["pairs"] == 7
    told = " ".join(record["notices"])
    assert "1 pair left out: the same name on both sides, as 'Rome', 'rome'." in told
    assert "1 pair left out: an empty side" in told
    assert "1 name of one character ('Q')" in told


def test_frames_for_classification():
    record = mined("--task", "sst2")
    assert record["stand_in_for"] == "sst2"
    frames = record["mining"]["templates"]
    assert "{text} It was {mask}." in frames[0]["templates"]
    assert all(frame["balance"] >= 0.2 for frame in frames)
    assert {"reviews.txt", "train texts of reviews"} <= {
        Path(source).name for source in record["mining"]["sources"]
    }
