"""The steps of the course, in order.

course      order of turns, linkages, the end, back-pressure
interfaces  boxes, protocols, tests
kinds       async bodies, errors
miniaxon    a core of the learner's own
"""

from __future__ import annotations

from Docs.playground.chapters import Chapter, chapterOf
from Docs.playground.lesson import Lesson
from Docs.playground.lessons import course, interfaces, kinds, miniaxon

LESSONS = {
    each.key: each
    for each in (
        course.A_COMPONENT,
        course.A_PICTURE,
        course.THE_END,
        interfaces.OWN_COMPONENT,
        interfaces.A_SERVER,
        interfaces.TESTS,
        kinds.THREADS,
        course.BACK_PRESSURE,
        kinds.SUPERVISION,
        miniaxon.STEP_1,
        miniaxon.STEP_2,
        miniaxon.STEP_3,
        miniaxon.STEP_4,
    )
}


def textsOf(lesson: Lesson) -> Chapter:
    """Return the title, the task, the hints and the whole answer of a lesson."""
    chapter = chapterOf(lesson.page, lesson.section)
    answer = lesson.answer or f"{lesson.given}{chapter.answer}{lesson.after}"
    return chapter._replace(answer=answer)
