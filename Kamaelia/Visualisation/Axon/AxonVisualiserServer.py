"""A component that cuts the text commands of a viewer into lists of words.

Example usage
-------------
    Pipeline(SingleServer(port=1500), text_to_token_lists(), Viewer()).run()

Termination: as the components in Kamaelia.Visualisation.PhysicsGraph.
"""

from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Visualisation.PhysicsGraph.chunks_to_lines import chunks_to_lines
from Kamaelia.Visualisation.PhysicsGraph.lines_to_tokenlists import lines_to_tokenlists

__all__ = ["text_to_token_lists"]


def text_to_token_lists() -> Pipeline:
    """Return a component that sends the list of the words of each line of a text."""
    return Pipeline(chunks_to_lines(), lines_to_tokenlists())


__kamaelia_prefabs__ = (text_to_token_lists,)
