"""The table of known tasks: what they are, where the hub has them, and what their labels mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promptsearch.tasks.task import Metric

# LAMA's T-REx relations (Petroni et al. 2019, "Language Models as Knowledge Bases?").
TREX_RELATIONS = tuple(
    f"P{number}"
    for number in (
        *(17, 19, 20, 27, 30, 31, 36, 37, 39, 47, 101, 103, 106, 108),
        *(127, 131, 136, 138, 140, 159, 176, 178, 190, 264, 276, 279, 361, 364),
        *(407, 413, 449, 463, 495, 527, 530, 740, 937, 1001, 1303, 1376, 1412),
    )
)

# Data sets that are published with a loading script only; the hub keeps converted copies on this branch.
_CONVERTED = "refs/convert/parquet"
_TRAIN_TEST = {"train": "train", "test": "test"}
_THREE = {"train": "train", "validation": "validation", "test": "test"}
_POLARITY = ("negative", "positive")
_ALIASES = {"lamatrex": "lama"}
_STANCE = ("entailment", "neutral", "contradiction")


@dataclass(frozen=True)
class HubSource:
    """A data set on the hub.

    Attributes:
        config: its configuration, or None for the only one.
        folder: the folder of the data files, for a branch that has no configurations.
        splits: our split name -> the hub's.
    """

    id: str
    config: str | None = None
    folder: str | None = None
    revision: str | None = None
    splits: Mapping[str, str] = field(default_factory=lambda: dict(_THREE))


@dataclass(frozen=True)
class KnownTask:
    """A task that can be asked for by name.

    Attributes:
        kind: what sort of task, for the library of hand-written prompts.
        columns: our field name -> the column of the published data.
        label: the label's column in the published data.
        labels: readable names, in the order of the published label ids; empty for facts, whose answers
            are the objects that occur.
        test_labelled: whether the published test split has labels.
        sample: the bundled sample of the same kind, or None.
        relation: for facts, the column that names the relation.
    """

    name: str
    title: str
    kind: str
    hub: HubSource
    columns: Mapping[str, str]
    labels: tuple[str, ...]
    label: str = "label"
    metric: Metric = "accuracy"
    test_labelled: bool = True
    sample: str | None = None
    relation: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields that a template can use."""
        return tuple(self.columns)


def _glue(
    name: str, title: str, kind: str, columns: Mapping[str, str], labels: tuple[str, ...], **more
) -> KnownTask:
    splits = more.pop("splits", _THREE)
    hub = HubSource("nyu-mll/glue", config=name, splits=splits)
    return KnownTask(name, title, kind, hub, columns, labels, test_labelled=False, **more)


def _super_glue(
    name: str, title: str, kind: str, columns: Mapping[str, str], labels: tuple[str, ...], **more
) -> KnownTask:
    hub = HubSource("aps/super_glue", folder=name, revision=_CONVERTED)
    return KnownTask(name, title, kind, hub, columns, labels, test_labelled=False, **more)


def _text(
    name: str,
    title: str,
    kind: str,
    hub_id: str,
    labels: tuple[str, ...],
    *,
    column: str = "text",
    splits: Mapping[str, str] = _TRAIN_TEST,
    **more,
) -> KnownTask:
    """A task of one text field."""
    return KnownTask(name, title, kind, HubSource(hub_id, splits=splits), {"text": column}, labels, **more)


_SENTIMENT = [
    _text(
        "sst2", "sentiment of film review sentences", "sentiment", "stanfordnlp/sst2", _POLARITY,
        column="sentence", splits=_THREE, test_labelled=False, sample="reviews",
    ),
    _text("imdb", "sentiment of film reviews", "sentiment", "stanfordnlp/imdb", _POLARITY, sample="reviews"),
    _text("cr", "sentiment of product reviews", "sentiment", "SetFit/CR", _POLARITY, sample="reviews"),
    _text(
        "mr", "sentiment of film review snippets (Rotten Tomatoes)", "sentiment",
        "cornell-movie-review-data/rotten_tomatoes", _POLARITY, splits=_THREE, sample="reviews",
    ),
    _text(
        "mpqa", "polarity of opinion phrases", "sentiment", "jxm/mpqa", _POLARITY, column="sentence",
        splits={"train": "train", "validation": "dev", "test": "test"}, sample="reviews",
    ),
    _text(
        "yelp", "sentiment of business reviews", "sentiment", "fancyzhx/yelp_polarity", _POLARITY,
        sample="reviews",
    ),
    KnownTask(
        "amazon", "sentiment of product reviews", "sentiment",
        HubSource("fancyzhx/amazon_polarity", splits=_TRAIN_TEST),
        {"text": "content", "title": "title"}, _POLARITY, sample="reviews",
    ),
    _text(
        "sst5", "sentiment of film review sentences, five grades", "sentiment-fine", "SetFit/sst5",
        ("very negative", "negative", "neutral", "positive", "very positive"), splits=_THREE,
    ),
    _text(
        "yelp_full", "stars of business reviews", "sentiment-fine", "Yelp/yelp_review_full",
        ("1 star", "2 stars", "3 stars", "4 stars", "5 stars"),
    ),
]  # fmt: skip

_TOPIC = [
    _text(
        "ag_news", "topic of news items", "topic", "fancyzhx/ag_news",
        ("world", "sports", "business", "science and technology"), sample="topics",
    ),
    KnownTask(
        "dbpedia", "kind of thing an encyclopedia article is about", "topic",
        HubSource("fancyzhx/dbpedia_14", splits=_TRAIN_TEST), {"text": "content", "title": "title"},
        (
            "company", "educational institution", "artist", "athlete", "office holder",
            "means of transportation", "building", "natural place", "village", "animal", "plant", "album",
            "film", "written work",
        ),
        sample="topics",
    ),
    KnownTask(
        "yahoo", "topic of questions and answers", "topic",
        HubSource("community-datasets/yahoo_answers_topics", splits=_TRAIN_TEST),
        {"text": "question_title", "details": "question_content", "answer": "best_answer"},
        (
            "society and culture", "science and mathematics", "health", "education and reference",
            "computers and internet", "sports", "business and finance", "entertainment and music",
            "family and relationships", "politics and government",
        ),
        label="topic", sample="topics",
    ),
]  # fmt: skip

_OTHER_SINGLE = [
    # The label's text is taken, since published versions number the two classes differently.
    _text(
        "subj", "subjective or objective sentences", "subjectivity", "SetFit/subj",
        ("subjective", "objective"), label="label_text",
    ),
    _text(
        "trec", "what a question asks for", "question-type", "SetFit/TREC-QC",
        ("description", "entity", "abbreviation", "human", "number", "location"), label="label_coarse",
    ),
    _glue(
        "cola", "grammatically acceptable sentences", "acceptability", {"text": "sentence"},
        ("unacceptable", "acceptable"), metric="mcc",
    ),
]  # fmt: skip

_PAIR = [
    _glue(
        "rte", "entailment", "nli", {"text_a": "sentence1", "text_b": "sentence2"},
        ("entailment", "not entailment"), sample="entail",
    ),
    _glue(
        "mnli", "entailment over many genres", "nli", {"text_a": "premise", "text_b": "hypothesis"}, _STANCE,
        splits={"train": "train", "validation": "validation_matched", "test": "test_matched"},
        sample="entail",
    ),
    _super_glue(
        "cb", "commitment of a speaker to a clause", "nli", {"text_a": "premise", "text_b": "hypothesis"},
        ("entailment", "contradiction", "neutral"), metric="macro-f1", sample="entail",
    ),
    _glue(
        "qnli", "whether a sentence answers a question", "nli", {"text_a": "question", "text_b": "sentence"},
        ("entailment", "not entailment"), sample="entail",
    ),
    _glue(
        "wnli", "whether a pronoun is read rightly", "nli", {"text_a": "sentence1", "text_b": "sentence2"},
        ("not entailment", "entailment"), sample="entail",
    ),
    _glue(
        "qqp", "questions that ask the same", "paraphrase", {"text_a": "question1", "text_b": "question2"},
        ("not duplicate", "duplicate"), metric="macro-f1",
    ),
    _glue(
        "mrpc", "sentences that say the same", "paraphrase", {"text_a": "sentence1", "text_b": "sentence2"},
        ("not equivalent", "equivalent"), metric="macro-f1",
    ),
]  # fmt: skip

_OTHER = [
    KnownTask(
        "boolq", "yes/no questions about a passage", "boolean-question",
        HubSource("google/boolq", splits={"train": "train", "validation": "validation"}),
        {"passage": "passage", "question": "question"}, ("no", "yes"), label="answer", test_labelled=False,
    ),
    _super_glue(
        "wic", "whether a word has the same sense in two sentences", "word-sense",
        {"word": "word", "sentence1": "sentence1", "sentence2": "sentence2"}, ("no", "yes"),
    ),
    _super_glue(
        "copa", "the more plausible cause or effect", "choice",
        {"premise": "premise", "question": "question", "choice1": "choice1", "choice2": "choice2"},
        ("choice1", "choice2"),
    ),
    KnownTask(
        "lama", "relational facts (T-REx), one relation: lama:P103", "fact",
        HubSource("facebook/lama", folder="trex", revision=_CONVERTED, splits={"train": "train"}),
        {"subject": "sub_label"}, (), label="obj_label", relation="predicate_id", sample="facts",
    ),
]  # fmt: skip

KNOWN_TASKS: Mapping[str, KnownTask] = {
    known.name: known for known in [*_SENTIMENT, *_TOPIC, *_OTHER_SINGLE, *_PAIR, *_OTHER]
}


def known_task(name: str) -> KnownTask | None:
    """The known task of that name; case, `-` and `_` do not matter, and `lama:P19` is `lama`."""
    wanted = _plain(split_relation(name)[0])
    wanted = _ALIASES.get(wanted, wanted)
    return next((known for key, known in KNOWN_TASKS.items() if _plain(key) == wanted), None)


def split_relation(name: str) -> tuple[str, str | None]:
    """`lama:P19` -> ("lama", "P19"); a name without a relation -> (name, None)."""
    base, _, relation = name.partition(":")
    return base, relation or None


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
