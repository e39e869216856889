"""Speed and memory of promptsearch beside other ways to the same figures, measured in one run.

Every contender gets the same prompts and label words (`promptsearch.bench.job`) and runs in a process of its
own (`promptsearch.bench.worker`), so that memory can be compared. The contenders' passes take turns, so that
whatever else the machine does hits all alike.
"""
