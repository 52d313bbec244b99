"""Historical import paths, and a pair of marshallers in one component."""

import pytest

from Axon.Introspector import Introspector
from Axon.Ipc import producerFinished
from Axon.testing import feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util import Graphline as oldGraphline
from Kamaelia.Util import Introspector as oldIntrospector
from Kamaelia.Util import Pipeline as oldPipeline
from Kamaelia.Util import PipelineComponent
from Kamaelia.Util.MarshallComponent import BasicMarshallComponent


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (oldGraphline.Graphline, Graphline),
        (oldIntrospector.Introspector, Introspector),
        (oldPipeline.Pipeline, Pipeline),
        (oldPipeline.pipeline, Pipeline),
        (PipelineComponent.pipeline, Pipeline),
    ],
)
def test_a_historical_import_path_gives_the_same_object(old, new):
    assert old is new


class Hex:
    @staticmethod
    def marshall(number):
        return f"{number:x}"

    @staticmethod
    def demarshall(text):
        return int(text, 16)


def test_one_component_marshalls_and_demarshalls():
    outcome = feed(BasicMarshallComponent(Hex), marshall=[255], demarshall=["ff", "1"])
    assert (outcome["marshalled"], outcome["demarshalled"]) == (["ff"], [255, 1])
    assert [type(message) for message in outcome["signal"]] == [producerFinished]
