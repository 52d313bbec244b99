"""The base class of the framework's objects, and its metaclass."""

from typing import Any

__all__ = ["AxonObject", "AxonType"]


class AxonType(type):
    """The metaclass of AxonObject.

    It allows `self.__super.method()` in the methods of any class, which programs from the time
    before super() use. New code uses `super().method()`.
    """

    def __init__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> None:
        super().__init__(name, bases, namespace, **options)
        mangled = name.lstrip(
            "_"
        )  # the compiler changes `__super` within the class in the same way
        setattr(cls, f"_{mangled}__super", super(cls))


class AxonObject(metaclass=AxonType):
    """The base class of the framework's objects, which only sets their metaclass."""

    __slots__ = ()
