"""Ways to score label words, each as a function of a job that is timed as a whole, tokenisation included."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from promptsearch.bench.job import Job

Scores = list[list[float]]
"""Log-probability of each word at the slot of each prompt, in nats: (prompts, words), prompts as in
`Job.filled`."""
Score = Callable[[Job], Scores]
"""One pass over a job, which may be a part of the one that it was made for."""


def ours(job: Job, dtype: str = "auto", share: bool = True) -> Score:
    """promptsearch as a user gets it, without the cache of answer states.

    Args:
        share: whether a causal PLM runs what prompts share on the left only once.
    """
    from promptsearch.plms.base import AnswerScoring
    from promptsearch.plms.causal import CausalPLM
    from promptsearch.plms.loading import load_plm
    from promptsearch.readings import word_log_probs

    plm = load_plm(job.plm, device="cpu", dtype=dtype, cache=False, offline=True)
    if isinstance(plm, CausalPLM):
        plm.share = share

    def score(job: Job) -> Scores:
        templates, examples = job.parsed_templates(), job.task_examples()
        scores = [
            word_log_probs(plm, template, job.words, examples, AnswerScoring(), states)
            for template, states in zip(templates, plm.answer_states_of(templates, examples))
        ]
        return np.concatenate(scores).tolist()

    return score


def fill_mask(job: Job, batch_size: int | None = None) -> Score:
    """The fill-mask pipeline of transformers, float32, with its own defaults or another batch size."""
    import transformers

    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(job.folder)
    model = transformers.AutoModelForMaskedLM.from_pretrained(job.folder, dtype="float32")
    pipe: Any = transformers.pipeline("fill-mask", model=model, tokenizer=tokenizer)
    ids = tokenizer.convert_tokens_to_ids(list(job.tokens))

    def score(job: Job) -> Scores:
        scores = []
        for found in pipe(job.filled(tokenizer.mask_token), targets=list(job.tokens), batch_size=batch_size):
            probability = {answer["token"]: answer["score"] for answer in found}
            scores.append(np.log([probability[token] for token in ids]).tolist())
        return scores

    return score


def padded_batches(job: Job, batch_size: int = 32) -> Score:
    """A causal PLM the obvious way: batches in the order of the data, padded, all logits, float32."""
    import torch
    import transformers

    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(job.folder, padding_side="right")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(job.folder, dtype="float32").eval()
    ids = tokenizer.convert_tokens_to_ids(list(job.tokens))

    def score(job: Job) -> Scores:
        contexts = job.contexts()
        scores: Scores = []
        for start in range(0, len(contexts), batch_size):
            batch = tokenizer(contexts[start : start + batch_size], padding=True, return_tensors="pt")
            with torch.inference_mode():
                logits = model(**batch).logits
                last = batch["attention_mask"].sum(dim=1) - 1
                log_probs = logits[torch.arange(len(logits)), last].log_softmax(dim=-1)
            scores += log_probs[:, ids].tolist()
        return scores

    return score


def lm_eval(job: Job, batch_size: int = 32) -> Score:
    """lm-evaluation-harness: log-likelihood requests to its transformers back end, float32."""
    # No import statements: lm-eval is no dependency, and only this contender's interpreter has it.
    back_end = import_module("lm_eval.models.huggingface").HFLM
    instance = import_module("lm_eval.api.instance").Instance
    model = back_end(pretrained=job.folder, device="cpu", dtype="float32", batch_size=batch_size)

    def score(job: Job) -> Scores:
        requests = [
            instance(request_type="loglikelihood", doc={}, arguments=request, idx=0)
            for request in job.requests()
        ]
        found = model.loglikelihood(requests, disable_tqdm=True)
        return job.by_prompt([log_prob for log_prob, _ in found])

    return score


CONTENDERS: dict[str, Callable[[Job], Score]] = {
    "ours": ours,
    "ours-float32": lambda job: ours(job, dtype="float32"),
    "ours-unshared": lambda job: ours(job, share=False),
    "fill-mask": fill_mask,
    "fill-mask-32": lambda job: fill_mask(job, batch_size=32),
    "padded": padded_batches,
    "lm-eval": lm_eval,
}
