"""Templates in turn."""

from __future__ import annotations

from promptsearch.engines.trigger.arms import Arm
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
