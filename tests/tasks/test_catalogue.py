from __future__ import annotations

import subprocess
import sys

import pytest

from promptsearch.pieces import RESERVED
from promptsearch.tasks import KNOWN_TASKS, TREX_RELATIONS, known_task, sample_names

NEEDED = (
    "sst2 imdb sst5 cr mr mpqa subj trec ag_news dbpedia yahoo yelp yelp_full boolq cb rte mnli qnli qqp "
    "mrpc wic copa cola lama"
)


def test_the_usual_tasks_are_known():
    assert set(NEEDED.split()) <= set(KNOWN_TASKS)


@pytest.mark.parametrize("name", list(KNOWN_TASKS))
def test_an_entry_is_whole(name):
    known = KNOWN_TASKS[name]
    assert known.name == name
    assert "train" in known.hub.splits
    assert set(known.hub.splits) <= {"train", "validation", "test"}
    assert known.hub.id.count("/") == 1
    assert all(field.isidentifier() and field not in RESERVED for field in known.fields)
    assert len(set(known.labels)) == len(known.labels)
    assert (len(known.labels) >= 2) == (known.kind != "fact")
    assert known.sample is None or known.sample in sample_names()


def test_spelling_of_a_name_does_not_matter():
    assert known_task("SST-2") is known_task("sst2") is KNOWN_TASKS["sst2"]
    assert known_task("AG-News") is KNOWN_TASKS["ag_news"]
    assert known_task("lama:P19") is known_task("lama_trex") is KNOWN_TASKS["lama"]
    assert known_task("sst") is None


def test_lama_has_its_41_relations():
    assert len(set(TREX_RELATIONS)) == 41
    assert {"P19", "P1412"} <= set(TREX_RELATIONS)


def test_importing_tasks_loads_nothing_heavy():
    code = (
        "import sys, promptsearch.tasks\n"
        "heavy = ('torch', 'transformers', 'datasets', 'pyarrow', 'huggingface_hub', 'numpy')\n"
        "print(*(name for name in heavy if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
