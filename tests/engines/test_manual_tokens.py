"""Label words should be single tokens: these need one forward pass, longer ones several."""

import pytest

from promptsearch.engines.manual.library import kinds, load
from promptsearch.engines.manual.words import verbalizers_for
from promptsearch.plms.sources.catalogue import NAMED
from promptsearch.plms.sources.loading import load_tokenizer
from promptsearch.plms.sources.resolve import is_present, named_folder
from tests.engines.tasks import task

# Digits stand right after a bracket in the templates, where they are one token each.
SEVERAL_TOKENS = {"very negative", "very positive", "1", "2", "3", "4", "5"}


@pytest.mark.parametrize("plm", ["minilm-mlm", pytest.param("smollm2-135m", marks=pytest.mark.smollm2)])
def test_label_words_are_single_tokens(plm):
    if not is_present(NAMED[plm]):
        pytest.skip(f"{plm} is not in the cache: promptsearch models get {plm}")
    tokenizer = load_tokenizer(named_folder(NAMED[plm]))
    words = {
        word
        for kind in kinds()
        for roles in load(kind).numbered
        for named in verbalizers_for(load(kind), task(kind, list(range(len(roles)))))
        if named.group is None or _is_used(kind, named.group)
        for word in named.verbalizer.words
    }
    blank = " " if plm == "smollm2-135m" else ""
    longer = {w for w in words if len(tokenizer(blank + w, add_special_tokens=False)["input_ids"]) > 1}
    assert {word.lower() for word in longer} <= SEVERAL_TOKENS


def _is_used(kind, group):
    return any(group in entry.answers for entry in load(kind).templates)
