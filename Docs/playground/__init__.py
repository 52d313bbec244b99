"""The playground: the course in the reader's browser, with the real core.

lesson      a step of the course: its task, hints, answer, and what is wrong with other answers
attempt     one run of a learner's program
turnlimit   the interruption of a turn that does not end
chapters    the texts of the steps, which are those of Docs/learn
lessons     the steps
pace        turns that are given slowly, so that they can be watched
stage       the scheduler of a program whose system is drawn
miniaxon    the same for a core of the learner's own
tests       the tests that a learner writes
browser     what the worker of the page calls
build       makes the folder that is served: `make playground`
serve       serves it, with the headers that browsers need
page        the page: HTML, CSS and JavaScript
"""
