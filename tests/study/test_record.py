"""Options as they are written beside a run, and read again."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from promptsearch.engines.mining.config import MiningConfig
from promptsearch.engines.soft.config import SoftConfig, TrainingConfig
from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.words.config import WordsConfig
from promptsearch.errors import OptionError, StorageError
from promptsearch.knowledge.vocabulary import WordFilter
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.record import restored, saved
from promptsearch.study.resuming import options_of

WORDS = WordsConfig(
    methods=("probe", "subset"),
    knowledge=("wordnet",),
    refine=("relevance",),
    per_label=7,
    per_base=8,
    frequent=0.5,
    most_texts=9,
    spans=2,
    shared=True,
    allowed=WordFilter(whole=False, letters=False, shortest=1),
    wordnet=Path("wn"),
    conceptnet=Path("cn.csv"),
    relations={"Synonym": 0.5},
    depth=3,
)
MINING = MiningConfig(
    corpora=("a.txt", "b.txt"),
    column="body",
    sentences="none",
    own_texts=False,
    miners=("dependency", "middle"),
    parser="de",
    between=3,
    window=(1, 1),
    least=4,
    balance=0.2,
    share_of_labels=0.5,
    fold_case=False,
    fold_accents=False,
    read=5,
    most_texts=6,
    kept=2,
    examples=1,
    most=99,
    workers=2,
    scheduler="tcp://here:1",
    checkpoint=Path("place"),
)
TRIGGER = TriggerConfig(
    method="edit",
    promise="gradient",
    objective="margin",
    balanced=False,
    calibrated=False,
    tokens=5,
    start="random",
    restarts=2,
    top_k=9,
    candidates=8,
    swaps=2,
    batch=16,
    most_examples=99,
    racing=False,
    reuse=False,
    buffer=2,
    patience=3,
    prune=500,
    fluency=0.25,
    any_ids=True,
    words_only=True,
    capitals=False,
    digits=False,
    ban_labels=False,
    banned=("film", "é"),
    offers=3,
)
TRAINING = TrainingConfig(
    steps=7,
    batch=3,
    warm_up=0.5,
    decay=0.25,
    clip=2.0,
    look_every=2,
    patience=4,
    restarts=5,
    save_every=6,
    mixed="bf16",
    loss="gce",
)
SOFT = SoftConfig(
    parameterisation="free",
    start="labels",
    tokens=2,
    width=8,
    rate=0.5,
    folds=3,
    most_examples=99,
    offers=1,
    training=TRAINING,
)
EVERYTHING = DiscoverConfig(
    task="mine",
    data="rows.csv",
    mapping={"text": "body"},
    kind="topic",
    plms=("./model", "minilm-mlm"),
    shots=None,
    seed=3,
    engines=("words", "manual"),
    needed=("words",),
    mining=MINING,
    ensemble=True,
    trigger=TRIGGER,
    trigger_templates=("{text} {trigger*2} {mask}",),
    soft=SOFT,
    soft_templates=("{text} {soft*2} {mask}",),
    trigger_evaluations=1000,
    words_templates=5,
    label_words=WORDS,
    labels=("a", 1, True),
    unlabelled="texts.txt",
    calibrations=("none", "pmi"),
    metric="macro-f1",
    templates=("{text} was {mask}.\n", "é {{}} {text}: {mask}"),
    words={0: ["bad", "poor"], 1: "good"},
    normalisation="sum",
    max_test=50,
    minutes=2.5,
    evaluations=40,
    preset="quick",
    objective=("quality", "cost"),
    workers=2,
    storage="sqlite:///study.db",
    seeds=4,
    stand_in=False,
    offline=True,
    device="cpu",
    dtype="float32",
    trust_remote_code=True,
    out="run",
    command="promptsearch discover",
)


def again(config: DiscoverConfig) -> DiscoverConfig:
    return restored(json.loads(json.dumps(saved(config), allow_nan=False)), "config.json")


START_WORDS = DiscoverConfig(task="sst2", trigger=TriggerConfig(words="it was"))


@pytest.mark.parametrize("config", [EVERYTHING, START_WORDS, DiscoverConfig(), DiscoverConfig(task="sst2")])
def test_options_come_back_as_they_were(config):
    found = again(config)
    for each in fields(DiscoverConfig):
        assert getattr(found, each.name) == getattr(config, each.name), each.name


def test_the_example_has_no_option_at_its_default():
    for config in (EVERYTHING, WORDS, MINING, TRIGGER, SOFT, TRAINING):
        plain = type(config)()
        left = [
            each.name for each in fields(config) if getattr(config, each.name) == getattr(plain, each.name)
        ]
        # Words to start from go with the default start alone.
        assert left == (["words"] if config is TRIGGER else [])


@pytest.mark.parametrize(
    "words",
    [
        {0: "bad", 1: "good"},
        {True: ["yes", "sure"], False: ["no"]},
        {1.5: "low", "high": {"top": 2.0, "best": 1.0}},
        "negative=bad;positive=good",
        None,
    ],
)
def test_label_words_keep_the_type_of_their_labels(words):
    found = again(DiscoverConfig(words=words)).words
    assert found == words
    if isinstance(words, dict):
        assert isinstance(found, dict)
        assert list(map(type, found)) == list(map(type, words))
        assert list(found) == list(words)


def test_paths_come_back_as_text():
    found = again(DiscoverConfig(data=Path("rows.csv"), out=Path("run"), unlabelled=Path("texts.txt")))
    assert (found.data, found.out, found.unlabelled) == ("rows.csv", "run", "texts.txt")


def test_data_in_memory_are_gone():
    options = saved(DiscoverConfig(data=[{"text": "fine", "label": 1}]))
    with pytest.raises(OptionError, match="in memory and are gone"):
        restored(json.loads(json.dumps(options)), "config.json")


def test_options_of_another_version():
    with pytest.raises(StorageError, match="another version of promptsearch: it has the option 'novel'"):
        restored({**saved(DiscoverConfig()), "novel": 1}, "config.json")
    with pytest.raises(StorageError, match="options cannot be read"):
        restored({"task": "sst2"}, "config.json")


# The folder of a run -------------------------------------------------------------------------------


def write(folder: Path, record: object) -> Path:
    (folder / "config.json").write_text(json.dumps(record), "utf-8")
    return folder


def test_the_options_of_a_folder(tmp_path):
    (tmp_path / "study.log").touch()
    assert options_of(write(tmp_path, {"options": saved(EVERYTHING)})) == EVERYTHING


def test_a_password_is_not_written_to_a_run(tmp_path):
    config = replace(EVERYTHING, storage="postgresql://me:s3cret@host/db")
    assert "s3cret" not in json.dumps(saved(config))
    kept = options_of(write(tmp_path, {"options": saved(config)}))
    assert kept.storage == "postgresql://me@host/db"


def test_a_run_on_a_server_has_no_journal(tmp_path):
    assert options_of(write(tmp_path, {"options": saved(EVERYTHING)})).storage == "sqlite:///study.db"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "holds no run"),
        ('{"options": ', "config cannot be read"),
        ("[1]", "made without a study"),
        ("{}", "made without a study"),
        (json.dumps({"options": saved(DiscoverConfig())}), "made without a study"),
    ],
)
def test_folders_that_cannot_be_gone_on_with(tmp_path, content, message):
    if content is not None:
        (tmp_path / "config.json").write_text(content, "utf-8")
    with pytest.raises(StorageError, match=message):
        options_of(tmp_path)
