from promptsearch.bench.job import Job
from tests.bench.jobs import masked_job

JOB = Job(
    "some-plm",
    "/folder",
    ("Review: {text}\nSentiment: {mask}", "{text} ({mask}"),
    ({"text": " fine "}, {"text": "bad"}),
    ("good", "bad"),
    ("Ġgood", "Ġbad"),
)


def test_prompts_go_template_by_template_with_stripped_fields():
    assert JOB.filled("X") == [
        "Review: fine\nSentiment: X",
        "Review: bad\nSentiment: X",
        "fine (X",
        "bad (X",
    ]
    assert JOB.size == 4


def test_a_blank_before_the_answer_belongs_to_the_answer():
    assert JOB.contexts()[0] == "Review: fine\nSentiment:"
    assert JOB.requests()[:2] == [
        ("Review: fine\nSentiment:", " good"),
        ("Review: fine\nSentiment:", " bad"),
    ]
    assert JOB.requests()[-1] == ("bad (", "bad")


def test_values_of_requests_by_prompt():
    assert JOB.by_prompt([1, 2, 3, 4, 5, 6, 7, 8]) == [[1, 2], [3, 4], [5, 6], [7, 8]]


def test_the_head_of_a_job():
    assert JOB.head(1).filled("X") == ["Review: fine\nSentiment: X", "fine (X"]
    assert JOB.head(2, 1).size == 2


def test_json_gives_the_same_job():
    assert Job.from_json(masked_job().to_json()) == masked_job()
