"""The `manual` engine: a library of hand-written templates and label words for each kind of task.

The library is data, one TOML file a kind under `library/`:

    kind = "sentiment"
    fields = ["text"]                       fields of such a task
    optional = ["title"]                    fields that some of them have
    numbered = [["negative", "positive"]]   roles of labels that are bare numbers, smallest first

    [roles]                                 role = other spellings of a label that has this role
    negative = ["neg", "bad"]

    [answers.quality]                       a group of verbalizers: name = words of each role
    terrible-great = { negative = "terrible", positive = "great" }

    [cloze]                                 templates by form; `answers` names the groups that fit
    it-was = { text = "{text} It was {mask}.", answers = ["quality"], baseline = true }

A group written with a capital in `answers` ("Quality") stands for the group's words with a capital. Kinds
whose labels are open, such as topics, have `names = "lexicon"` in place of roles and answers: words come
from the label's own name and the leading words of the bundled lexicon's topics, in one group, `name`.
`names = "verbatim"` takes the labels as they stand, as facts need it.
"""

from promptsearch.engines.manual.engine import ManualEngine, library_for
from promptsearch.engines.manual.leading import lead_ins
from promptsearch.engines.manual.user import templates_from_file, words_from

__all__ = ["ManualEngine", "lead_ins", "library_for", "templates_from_file", "words_from"]
