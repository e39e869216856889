import numpy as np
import pytest

from promptsearch.errors import TemplateError
from promptsearch.soft import SoftTemplate, SoftVectors
from promptsearch.template import Template

TEMPLATE = Template.parse("{soft*2}{text} {soft:it was} {mask}")
ARRAY = np.arange(20.0).reshape(5, 4)


def test_vectors_are_equal_by_value():
    one, same = SoftVectors(ARRAY, (2, 3)), SoftVectors(ARRAY.astype(np.float32), (2, 3))
    assert (one, hash(one)) == (same, hash(same))
    assert one != SoftVectors(ARRAY, (3, 2))
    assert one != SoftVectors(ARRAY + 1e-3, (2, 3))
    assert (len(one), one.width) == (5, 4)


def test_vectors_cannot_change():
    given = ARRAY.copy()
    vectors = SoftVectors(given, (2, 3))
    given += 1
    assert vectors == SoftVectors(ARRAY, (2, 3))
    with pytest.raises(ValueError, match="read-only"):
        vectors.array += 1


@pytest.mark.parametrize(
    ("array", "groups"),
    [
        (ARRAY[0], (4,)),
        (ARRAY[:, :0], (5,)),
        (ARRAY, (2, 2)),
        (ARRAY, (5, 0)),
        (ARRAY, ()),
        (np.full((1, 2), np.nan), (1,)),
    ],
)
def test_vectors_that_are_none(array, groups):
    with pytest.raises(ValueError, match="vectors"):
        SoftVectors(array, groups)


def test_a_template_with_vectors_is_told_by_them():
    filled = SoftTemplate.of(TEMPLATE, SoftVectors(ARRAY, (2, 3)))
    assert str(filled) == str(TEMPLATE)
    assert filled != TEMPLATE
    assert filled == SoftTemplate.of(TEMPLATE, SoftVectors(ARRAY, (2, 3)))
    other = SoftTemplate.of(TEMPLATE, SoftVectors(ARRAY + 1, (2, 3)))
    assert filled != other
    assert len({TEMPLATE.key, filled.key, other.key}) == 3
    assert filled.unfilled == TEMPLATE
    assert (TEMPLATE.has_free_slots, filled.has_free_slots) == (True, False)
    assert filled.fields == ("text",)


@pytest.mark.parametrize(
    ("source", "groups"), [("{text}{mask}", (5,)), ("{soft*5}{text}{mask}", (4, 1)), ("{soft*4}{mask}", (5,))]
)
def test_vectors_that_are_not_the_templates(source, groups):
    with pytest.raises(TemplateError, match="are not those of the vectors"):
        SoftTemplate.of(Template.parse(source), SoftVectors(ARRAY, groups))


def test_triggers_are_still_to_be_found():
    template = Template.parse("{trigger*2}{soft*5}{mask}")
    assert SoftTemplate.of(template, SoftVectors(ARRAY, (5,))).has_free_slots
