"""Training around one prompt, by the strategies of Liu et al. 2023 (section 7).

`config` says what can be asked for, `subject` what is tuned on, `tuners` what each strategy trains and
stores; `run` goes from the data to the files of a run. It stands above `study`, whose rules for data, dev and
test it keeps, and below the reports.
"""

from promptsearch.tuning.config import TuneConfig

__all__ = ["TuneConfig"]
