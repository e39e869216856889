"""Tasks: where data comes from, what its columns and labels mean, and how splits are drawn."""

from promptsearch.tasks.catalogue import KNOWN_TASKS, TREX_RELATIONS, HubSource, KnownTask, known_task
from promptsearch.tasks.columns import parse_mapping
from promptsearch.tasks.facts import Triple, facts_of, other_relations, read_pairs
from promptsearch.tasks.readers import read_rows, read_table
from promptsearch.tasks.resolve import load_task
from promptsearch.tasks.samples import corpora_folder, sample_names, sample_relations
from promptsearch.tasks.splits import draw_splits, undivided
from promptsearch.tasks.task import Example, Metric, Source, Task, fingerprint_examples, gold, majority

__all__ = [
    "KNOWN_TASKS",
    "TREX_RELATIONS",
    "Example",
    "HubSource",
    "KnownTask",
    "Metric",
    "Source",
    "Task",
    "Triple",
    "corpora_folder",
    "draw_splits",
    "facts_of",
    "fingerprint_examples",
    "gold",
    "known_task",
    "load_task",
    "majority",
    "other_relations",
    "parse_mapping",
    "read_pairs",
    "read_rows",
    "read_table",
    "sample_names",
    "sample_relations",
    "undivided",
]
