"""The historical import path of Kamaelia.XML.GraphSlides."""

from Kamaelia.XML.GraphSlides import (
    GraphSlideXMLComponent,
    GraphSlideXMLParser,
    onDemandGraphFileParser_Prefab,
)

__all__ = ["GraphSlideXMLComponent", "GraphSlideXMLParser", "onDemandGraphFileParser_Prefab"]
