"""nanoGCG on one prompt of a job, in the environment made for it; nothing here may need transformers 5."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from promptsearch.bench.trigger_job import Search, TriggerJob

_START = "x"


class _TimeIsUp(Exception):
    """Ends a run of nanoGCG, which only stops after a number of steps."""


def nanogcg(job: TriggerJob, dtype: str) -> Callable[[float], Search]:
    """The search with nanoGCG's own settings, on the prompt of median length and its label word as target.

    It searches a trigger for one prompt and one target. That keys and values left of the trigger are kept,
    and 512 candidates read at once, is its default.

    Args:
        dtype: `float32` or `bfloat16`, of the weights.
    """
    torch: Any = import_module("torch")
    transformers: Any = import_module("transformers")
    gcg: Any = import_module("nanogcg.gcg")
    folder = Path(job.folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, config=_config(transformers, folder), torch_dtype=getattr(torch, dtype)
    ).eval()
    tokenizer = _tokenizer(transformers, folder)
    before, after = job.around(job.median)
    target = " " + job.words[job.labels[job.median]]
    start = " ".join([_START] * len(job.free[0]))
    own = {"optim_str_init": start, "num_steps": 10**6, "seed": job.seed, "verbosity": "ERROR"}

    def search(seconds: float, **other: int) -> Search:
        attack = gcg.GCG(model, tokenizer, gcg.GCGConfig(**own, **other))
        counted, begun = _Counted(attack, seconds), time.perf_counter()
        with contextlib.suppress(_TimeIsUp):
            attack.run([{"role": "user", "content": f"{before}{{optim_str}}{after}"}], target)
        return Search(time.perf_counter() - begun, counted.forwards, counted.forwards, counted.gradients)

    search(0.0, search_width=8)
    return search


class _Counted:
    """Counts what goes through the model, and ends the run at the first batch after its time."""

    def __init__(self, attack: Any, seconds: float) -> None:
        self.forwards, self.gradients = 0, 0
        self._end = time.perf_counter() + seconds
        self._losses, self._gradient = attack._compute_candidates_loss_original, attack.compute_token_gradient
        attack._compute_candidates_loss_original = self.losses
        attack.compute_token_gradient = self.gradient

    def losses(self, search_batch_size: int, input_embeds: Any) -> Any:
        """As nanoGCG's own, whose arguments' names are looked at."""
        found = self._losses(search_batch_size, input_embeds)
        self.forwards += len(input_embeds)
        if time.perf_counter() > self._end:
            raise _TimeIsUp
        return found

    def gradient(self, optim_ids: Any) -> Any:
        """As nanoGCG's own."""
        self.gradients += 1
        return self._gradient(optim_ids)


def _config(transformers: Any, folder: Path) -> Any:
    """The config as transformers before 5 reads it, which keeps the rotary base at its top level."""
    config = transformers.AutoConfig.from_pretrained(folder)
    rope = json.loads((folder / "config.json").read_text("utf-8")).get("rope_parameters") or {}
    if "rope_theta" in rope:
        config.rope_theta = rope["rope_theta"]
    return config


def _tokenizer(transformers: Any, folder: Path) -> Any:
    """The tokenizer, whose class has a name that transformers before 5 does not know."""
    config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    names = {
        name: config[name] for name in ("bos_token", "eos_token", "pad_token", "unk_token") if name in config
    }
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), **names)
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    return tokenizer
