"""The historical import path of Kamaelia.Util.TestResult."""

from Kamaelia.Util.TestResult import StopSystem, StopSystemException, TestResult

__all__ = ["StopSystem", "StopSystemException", "testResultComponent"]

testResultComponent = TestResult
