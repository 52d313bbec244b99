"""The class at the root of the framework's own, and the metaclass that goes with it."""

from typing import Any

__all__ = ["AxonObject", "AxonType"]


class AxonType(type):
    """The metaclass of AxonObject.

    It lets a method say `self.__super.method()` in any class, which programs
    from before super() do. New code says `super().method()`.
    """

    def __init__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> None:
        super().__init__(name, bases, namespace, **options)
        mangled = name.lstrip("_")  # as the compiler mangles `__super` within the class
        setattr(cls, f"_{mangled}__super", super(cls))


class AxonObject(metaclass=AxonType):
    """What the framework's objects have in common: nothing but their metaclass."""

    __slots__ = ()
