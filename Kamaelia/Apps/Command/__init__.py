"""The command `kamaelia`: run, check and draw a system, and look up components.

Main      the options, and what each subcommand prints
Target    the system that a word such as "module:attribute" or "program.py" means
Plan      the components and linkages of a system that does not run yet
Checks    the mistakes in a plan
Sources   the mistakes in a program's text: a key that occurs twice in the linkages
Trace     the messages of a run
Running   the state of a running program
GraphDirective  an extension of Sphinx: the picture of a system in a page
Library   the components of the library, with their boxes
"""
