"""Templates in turn, and which triggers are offered."""

from __future__ import annotations

from promptsearch.engines.trigger.arms import Arm
from promptsearch.engines.trigger.history import Improvement
from promptsearch.engines.trigger.offers import best_so_far, offered
from promptsearch.engines.trigger.schedule import Schedule
from promptsearch.template import Template


def arms(*best: float) -> list[Arm]:
    free = Template.parse("{text} {trigger*1} {mask}")
    return [Arm(free, best=loss) for loss in best]


def test_the_better_half_gets_twice_as_many_steps():
    contenders, schedule = arms(0.4, 0.2, 0.3, 0.5), Schedule([0, 1, 2, 3])
    taken = []
    for _ in range(16 + 8 + 5):
        taken.append(schedule.next(contenders))
        contenders[taken[-1]].steps += 1
    assert taken == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4 + [1] * 4 + [2] * 4 + [1] * 5


def test_a_template_at_its_end_does_not_hold_others_up():
    contenders, schedule = arms(0.4, 0.2), Schedule([0, 1])
    contenders[0].over = contenders[1].over = True
    assert schedule.next(contenders) == 1


def found(ids: int, loss: float, step: int, template: str = "a") -> Improvement:
    return Improvement(template, ((ids,),), (str(ids),), loss, 0.5, step, 0, step * 10, float(step))


COURSE = [found(1, 0.9, 0), found(2, 0.7, 1), found(3, 0.8, 2), found(4, 0.5, 3), found(2, 0.7, 4)]


def test_improvements_are_those_better_than_all_before_on_their_template():
    other = found(9, 0.95, 5, "b")
    assert [each.ids for each in best_so_far([*COURSE, other])] == [((1,),), ((2,),), ((4,),), ((9,),)]


def test_the_best_are_offered_first_and_each_trigger_once():
    assert [each.loss for each in offered(COURSE, 16)] == [0.5, 0.7, 0.8, 0.9]
    assert len(offered(COURSE, 2)) == 2
    assert offered([], 16) == []


def test_half_of_what_is_offered_lies_on_the_way():
    course = [found(i, 1 - i / 100, i) for i in range(60)]
    chosen = offered(course, 8)
    assert [each.step for each in chosen] == [59, 58, 57, 56, 55, 37, 18, 0]
