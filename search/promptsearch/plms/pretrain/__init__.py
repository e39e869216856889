"""Training of small masked PLMs, by the recipe that made the built-in one."""

from promptsearch.plms.pretrain.config import PretrainConfig
from promptsearch.plms.pretrain.run import PretrainResult, pretrain
from promptsearch.plms.pretrain.screen import training_bar
from promptsearch.plms.pretrain.trainer import StepReport

__all__ = ["PretrainConfig", "PretrainResult", "StepReport", "pretrain", "training_bar"]
