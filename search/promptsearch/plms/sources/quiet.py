"""One place that keeps transformers' and the hub client's own output off the screen."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

_log = logging.getLogger("promptsearch.plms")

# What is missing from the weights is read from the loading info instead, and acted upon.
_DROPPED = (
    "LOAD REPORT",
    "This checkpoint seem corrupted. The tied weights",
    # Of every T5 since version 1.1, mT5 and FLAN-T5, whose configs are as they should be.
    "but both are present in the checkpoints with different values, so we will NOT tie them",
    "unauthenticated requests",
)


class _Collector(logging.Handler):
    """Keeps what would have been printed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def quiet_transformers() -> Generator[None]:
    """No progress bars and no load reports inside; everything is as before afterwards.

    Warnings about the model itself (a wrong model type, a tokenizer with a known fault) are passed on to the
    logger `promptsearch.plms`.
    """
    import huggingface_hub.utils as hub
    from transformers.utils import logging as transformers_logging

    loggers = [logging.getLogger("transformers"), logging.getLogger("huggingface_hub")]
    transformers_logging.get_verbosity()  # makes transformers set its handlers up before they are put aside
    kept = [(logger.handlers[:], logger.propagate) for logger in loggers]
    bars = transformers_logging.is_progress_bar_enabled(), not hub.are_progress_bars_disabled()
    collector = _Collector()
    transformers_logging.disable_progress_bar()
    hub.disable_progress_bars()
    for logger in loggers:
        logger.handlers, logger.propagate = list[logging.Handler]([collector]), False
    try:
        yield
    finally:
        for logger, (handlers, propagate) in zip(loggers, kept):
            logger.handlers, logger.propagate = handlers, propagate
        if bars[0]:
            transformers_logging.enable_progress_bar()
        else:
            hub.enable_progress_bars()
        if not bars[1]:
            hub.disable_progress_bars()  # switched on again together with those of transformers
        for message in dict.fromkeys(collector.messages):
            if not any(dropped in message for dropped in _DROPPED):
                _log.warning("%s", message)
