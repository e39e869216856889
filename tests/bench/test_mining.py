"""How fast and in how much memory pairs are found: the texts, the ways, and the command on a small text."""

from __future__ import annotations

import json
import random

import pytest

from promptsearch.bench import mining
from promptsearch.bench.mining import MiningBenchConfig, median_relation
from promptsearch.bench.mining_corpus import Text as OnDisk
from promptsearch.bench.mining_corpus import facts_of_task, made_up, sample, unpacked, with_other_names
from promptsearch.bench.mining_results import Result, Way, checks_of, in_own_process
from promptsearch.bench.mining_ways import (
    ANY_DISTANCE,
    MiningJob,
    Pass,
    met_pairs,
    names_alone,
    obvious,
    ours,
)
from promptsearch.bench.processes import ContenderError
from promptsearch.engines.mining.pairs import Fact
from promptsearch.errors import DataError, OptionError, TaskError
from promptsearch.tasks import facts_of, load_task, sample_relations
from tests.cli.running import refused, run

SENTENCES = [
    "Ada Byron was born in Rome.",
    "Bo, of Oslo, met Ada.",
    "Bo went to Rome by way of Romeo.",
    "bo lives in OSLO",
]
BORN = (Fact("Ada Byron", "Rome"), Fact("Bo", "Oslo"), Fact("Bo", "Romeo"), Fact("Ada", "Rome"))
RELATIONS = {"born": BORN, "met": (Fact("Bo", "Ada", (), ("Ada Byron",)),)}


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("".join(f"{sentence}\n" for sentence in SENTENCES), "utf-8")
    return OnDisk(path, len(SENTENCES), path.stat().st_size)


def job(text, way="ours", **more):
    return MiningJob(way, str(text.path), more.pop("relations", RELATIONS), **more)


# Texts and facts -------------------------------------------------------------------------------------


def test_in_each_further_file_every_name_is_another(text, tmp_path):
    large, larger = with_other_names(text, RELATIONS, 3, tmp_path / "large")
    files = sorted(large.path.iterdir())
    assert [file.name for file in files] == ["000.txt", "001.txt", "002.txt"]
    assert files[0].read_bytes() == text.path.read_bytes()
    endings = [larger["born"][at].object.removeprefix("Rome") for at in (4, 8)]
    assert len({*endings, ""}) == 3
    for file, e in zip(files[1:], endings):
        assert file.read_text("utf-8").splitlines() == [
            f"Ada Byron{e} was born in Rome{e}.",
            f"Bo{e}, of Oslo{e}, met Ada{e}.",
            f"Bo{e} went to Rome{e} by way of Romeo{e}.",
            f"bo{e} lives in OSLO{e}",
        ]
    assert larger["born"][:4] == BORN
    assert [len(facts) for facts in larger.values()] == [12, 3]
    e = endings[0]
    assert larger["met"][1] == Fact(f"Bo{e}", f"Ada{e}", (), (f"Ada Byron{e}",))
    assert (large.sentences, large.size) == (12, sum(file.stat().st_size for file in files))


def test_a_larger_text_holds_as_many_times_the_pairs(text, tmp_path):
    large, larger = with_other_names(text, RELATIONS, 4, tmp_path / "large")
    assert ours(job(large, relations=larger)).places == 4 * ours(job(text)).places


def test_a_text_is_unpacked_to_a_sentence_a_line(tmp_path):
    place, target = tmp_path / "given.txt", tmp_path / "plain.txt"
    place.write_text("One is here. Two  is\tthere.\n\nThree.\n", "utf-8")
    assert unpacked(place, target) == OnDisk(target, 3, 34)
    assert target.read_text("utf-8") == "One is here.\nTwo is there.\nThree.\n"


@pytest.mark.parametrize(("most", "kept"), [(4, [0, 1, 2, 3]), (3, [0, 2]), (2, [0, 2]), (1, [0])])
def test_a_sample_is_spread_over_the_text(text, tmp_path, most, kept):
    few = sample(text, most, tmp_path / "few.txt")
    assert few.path.read_text("utf-8").splitlines() == [SENTENCES[at] for at in kept]
    assert (few.sentences, few.size) == (len(kept), few.path.stat().st_size)


def test_a_made_up_text_is_the_same_for_the_same_seed(tmp_path):
    first, facts = made_up(300, tmp_path / "a.txt", seed=1)
    random.random()
    second, same = made_up(300, tmp_path / "b.txt", seed=1)
    other, _ = made_up(300, tmp_path / "c.txt", seed=2)
    written = [text.path.read_text("utf-8") for text in (first, second, other)]
    assert written[0] == written[1] != written[2]
    assert facts == same
    assert len(written[0].splitlines()) == first.sentences == 300
    holding = sum(
        any(f" {f.subject} " in line and f" {f.object} " in line for fs in facts.values() for f in fs)
        for line in written[0].splitlines()
    )
    assert 180 <= holding <= 240


def test_a_source_gives_the_facts_of_all_its_relations():
    relations = facts_of_task("facts", offline=True)
    assert list(relations) == list(sample_relations("facts"))
    assert len(relations) == 12
    train = {(fact.subject, fact.object) for fact in facts_of(load_task("facts:P36"))}
    assert {(fact.subject, fact.object) for fact in relations["P36"]} == train
    assert facts_of_task("facts:P36", offline=True) == relations


@pytest.mark.parametrize(
    ("name", "said"), [("reviews", "not of facts"), ("nowhere", "nowhere"), ("facts:P1", "P1")]
)
def test_what_holds_no_facts_is_refused(name, said):
    with pytest.raises(TaskError, match=said):
        facts_of_task(name, offline=True)


# Ways ------------------------------------------------------------------------------------------------


def test_the_obvious_way_takes_parts_of_words_too(text):
    found = obvious(job(text, relations={"born": BORN}))
    assert set(found.pairs) == {("Ada Byron", "Rome"), ("Ada", "Rome"), ("Bo", "Oslo"), ("Bo", "Romeo")}
    assert found.sentences == 4


def test_promptsearch_takes_whole_words_and_the_longest_name(text):
    found = met_pairs(job(text, relations={"born": BORN}, between=ANY_DISTANCE, fold=False))
    assert set(found.pairs) == {("Ada Byron", "Rome"), ("Bo", "Oslo"), ("Bo", "Romeo")}


def test_ours_counts_keys_and_pairs(text):
    found = ours(job(text, relations={"born": BORN}))
    # Of born " was born in ", ", of ", " went to Rome by way of ", " lives in "; of names that do not belong
    # together " went to " (Bo, Rome) and, the object first, ", met " (Oslo, Ada).
    assert (found.sentences, found.keys, found.places, found.missed) == (4, 6, 6, 0)
    assert (found.workers, found.start_seconds, found.worker_bytes) == (1, 0.0, ())
    assert found.seconds > 0


def test_names_alone(text):
    found = names_alone(job(text))
    assert (found.sentences, found.places) == (4, 2 + 3 + 3 + 2)


def test_a_job_and_what_it_came_to_go_through_json(text, tmp_path):
    given = job(text, workers=None, fold=False, between=3)
    assert MiningJob.from_json(given.to_json()) == given
    here, there = ours(job(text)), in_own_process(job(text), tmp_path)
    assert there.digest == here.digest
    assert there.peak_bytes is None or 10e6 < there.peak_bytes < 300e6
    assert in_own_process(job(text, way="obvious"), tmp_path).pairs == obvious(job(text)).pairs


def test_a_way_that_fails_says_why(text, tmp_path):
    text.path.unlink()
    with pytest.raises(ContenderError, match="'ours' stopped") as caught:
        in_own_process(job(text), tmp_path)
    assert "text.txt" in str(caught.value.where)


@pytest.mark.slow
@pytest.mark.parametrize(("way", "workers"), [("ours", 2), ("dask", 1), ("dask", 2)])
def test_workers_count_the_same_and_tell_their_memory(text, tmp_path, way, workers):
    if way == "dask":
        pytest.importorskip("distributed")
    found = in_own_process(job(text, way=way, workers=workers), tmp_path)
    assert found.digest == ours(job(text)).digest
    assert found.workers == workers
    assert (found.start_seconds > 0) == (way == "dask")
    if found.peak_bytes is not None:
        # A pool starts a process when there is something to do: here one segment, of one file.
        assert len(found.worker_bytes) == (workers if way == "dask" else 1)
        assert all(peak > 10e6 for peak in found.worker_bytes)
        assert found.all_bytes == found.peak_bytes + sum(found.worker_bytes)


# What is made of it ----------------------------------------------------------------------------------


def result(key, on, text, *passes):
    return Result(Way(key, key, on, job(text), text), passes)


def test_medians_rates_and_peaks(text):
    found = result("ours-1", "the text", text, *(Pass(s, peak_bytes=p, worker_bytes=w) for s, p, w in PASSES))
    assert found.seconds == 2.0
    assert found.sentences_per_second == 2.0
    assert found.megabytes_per_second == text.size / 2e6
    assert found.peak_megabytes == 9.0


PASSES = [(1.0, 4_000_000, (5_000_000,)), (2.0, 6_000_000, (2_000_000,)), (9.0, 8_000_000, ())]


@pytest.mark.parametrize(
    ("digests", "spelt", "holds"),
    [
        ("aabb", ("x", "y"), [True, True, True]),
        ("abbb", ("x", "y"), [False, True, True]),
        ("aabc", ("x", "y"), [True, False, True]),
        ("aabb", ("x", "z"), [True, True, False]),
    ],
)
def test_checks(text, digests, spelt, holds):
    first, second, large, large_all = (Pass(1.0, digest=digest) for digest in digests)
    results = [
        result("ours-1", "the text", text, first, second),
        result("large-1", "3 ×", text, large),
        result("large-all", "3 ×", text, large_all),
        result("obvious-one", "one relation", text, Pass(1.0, pairs=(("x", "y"), ("u", "v")))),
    ]
    checks = checks_of({each.way.key: each for each in results}, Pass(0.0, pairs=(spelt,)))
    assert [check.holds for check in checks] == holds


def test_the_median_relation():
    sizes = {"a": 3, "b": 1, "c": 2, "d": 9}
    assert median_relation({name: BORN[:1] * size for name, size in sizes.items()}) == "a"


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    out = tmp_path_factory.mktemp("bench") / "mining.md"
    arguments = "bench mining --sentences 400 --passes 2 --times 3 --no-dask --json --out"
    done = run(*arguments.split(), str(out))
    assert done.code == 0, done
    return json.loads(done.out), out.read_text("utf-8")


@pytest.mark.slow
def test_everything_is_measured(bench):
    record, _ = bench
    ways = {way["key"]: way for way in record["ways"]}
    assert list(ways) == [
        *("ours-1", "ours-all", "large-1", "large-all", "one", "names", "obvious-one", "obvious-all")
    ]
    assert all(len(way["seconds"]) == 2 and min(way["seconds"]) > 0 for way in ways.values())
    assert ways["large-1"]["sentences"] == 1200
    assert ways["large-1"]["pairs_of_keys"] == 3 * ways["ours-1"]["pairs_of_keys"] > 0
    assert record["large_facts"] == 3 * record["facts"] == 30_000
    assert record["made_up"]
    assert record["skipped"] == []
    assert [check["holds"] for check in record["checks"]] == [True, True, True]
    rates = {key: ways[key]["sentences_per_second"] for key in ways}
    assert record["times_as_fast_as_the_obvious_way"] == {
        "one": pytest.approx(rates["one"] / rates["obvious-one"]),
        "all": pytest.approx(rates["ours-1"] / rates["obvious-all"]),
    }


@pytest.mark.slow
def test_goals(bench):
    record, _ = bench
    wanted = [goal["wanted"] for goal in record["goals"]]
    peaks = [600.0] * 4 if record["ways"][0]["peak_bytes"][0] else []
    assert wanted == [30.0, 30.0, *peaks, 1.2, 1.2, 62_000.0]
    for goal in record["goals"]:
        met = goal["found"] >= goal["wanted"] if goal["at_least"] else goal["found"] <= goal["wanted"]
        assert goal["met"] == met
    ways = {way["key"]: way for way in record["ways"]}
    growth = ways["ours-1"]["megabytes_per_second"] / ways["large-1"]["megabytes_per_second"]
    assert record["goals"][-3]["found"] == pytest.approx(growth)


@pytest.mark.slow
def test_markdown(bench):
    _, page = bench
    assert page.startswith("# Mining: speed and memory\n")
    assert "promptsearch bench mining --sentences 400" in page
    assert "made-up text" in page
    assert "2 passes." in page
    assert page.count("| the obvious way |") == 2
    assert "3.00 × as many pairs" in page
    assert page.count("× as fast as the obvious way") == 2
    assert "no**" not in page
    assert "torch" in page


def test_without_dask_the_rest_is_measured(monkeypatch, tmp_path, text):
    told, ways = [], []
    monkeypatch.setattr(mining, "find_spec", lambda name: None)
    monkeypatch.setattr(mining, "_results", lambda given, *rest: ways.extend(given) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        mining.run(MiningBenchConfig(sentences=100, times=2), lambda said: None, told.append)
    assert told == [mining.NO_DASK]
    assert "dask" not in {way.job.way for way in ways}
    assert "ours" in {way.job.way for way in ways}


# What is refused -------------------------------------------------------------------------------------


def test_a_corpus_needs_facts_and_facts_a_corpus(tmp_path):
    assert "go together" in refused("bench", "mining", "--task", "facts")
    with pytest.raises(OptionError, match="go together"):
        MiningBenchConfig(corpus=tmp_path)


def test_a_corpus_that_is_not_there(tmp_path):
    said = refused("bench", "mining", "--corpus", str(tmp_path / "none.txt"), "--task", "facts", "--quiet")
    assert "none.txt" in said


def test_a_text_that_cannot_be_unpacked(tmp_path):
    with pytest.raises(DataError):
        unpacked(tmp_path / "none.txt", tmp_path / "plain.txt")
