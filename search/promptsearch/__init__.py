"""Find the prompt under which a pretrained language model solves a labelled task best, without training.

from promptsearch import discover, load_prompt

found = discover("sst2")
found.prompt.predict("a gorgeous, witty film")
load_prompt(found.folder / "best_prompt.json")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from promptsearch.errors import PromptSearchError
from promptsearch.template import Template
from promptsearch.verbalizer import Answer, Verbalizer

if TYPE_CHECKING:
    from promptsearch.plms.loading import load_plm
    from promptsearch.prompt import Prediction, Prompt, load_prompt
    from promptsearch.study.discover import discover
    from promptsearch.study.evaluating import evaluate_prompt
    from promptsearch.study.result import Discovery
    from promptsearch.tasks import Example, Task, draw_splits, load_task

__all__ = [
    "Answer",
    "Discovery",
    "Example",
    "Prediction",
    "Prompt",
    "PromptSearchError",
    "Task",
    "Template",
    "Verbalizer",
    "discover",
    "draw_splits",
    "evaluate_prompt",
    "load_plm",
    "load_prompt",
    "load_task",
]

_LAZY = {
    "Discovery": "promptsearch.study.result",
    "Example": "promptsearch.tasks",
    "Prediction": "promptsearch.prompt",
    "Prompt": "promptsearch.prompt",
    "Task": "promptsearch.tasks",
    "discover": "promptsearch.study.discover",
    "draw_splits": "promptsearch.tasks",
    "evaluate_prompt": "promptsearch.study.evaluating",
    "load_plm": "promptsearch.plms.loading",
    "load_prompt": "promptsearch.prompt",
    "load_task": "promptsearch.tasks",
}


def __getattr__(name: str) -> object:
    # numpy, pydantic and torch are imported when they are needed: the command line starts without them.
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
