"""The historical import path of Kamaelia.Chassis.Pipeline."""

from Kamaelia.Chassis.Pipeline import Pipeline

__all__ = ["pipeline"]

pipeline = Pipeline
