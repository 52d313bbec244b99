from Axon.Base import AxonObject, AxonType


def test_an_AxonObject_is_made_by_AxonType_and_takes_any_attribute():
    class Thing(AxonObject):
        pass

    thing = Thing()
    thing.colour = "red"
    assert type(AxonObject) is AxonType
    assert thing.colour == "red"


def test_a_method_may_call_the_one_above_it_as_programs_from_before_super_do():
    class Quiet(AxonObject):
        def greet(self):
            return "hello"

    class Loud(Quiet):
        def greet(self):
            return self.__super.greet().upper()

    class Louder(Loud):
        def greet(self):
            return self.__super.greet() + "!"

    assert Louder().greet() == "HELLO!"


def test_the_same_holds_in_a_class_whose_name_starts_with_an_underscore():
    class Quiet(AxonObject):
        def greet(self):
            return "hello"

    class _Loud(Quiet):
        def greet(self):
            return self.__super.greet().upper()

    assert _Loud().greet() == "HELLO"


def test_a_class_may_be_made_with_options():
    class Coloured(AxonObject):
        def __init_subclass__(cls, colour):
            cls.colour = colour

    class Red(Coloured, colour="red"):
        pass

    assert Red.colour == "red"
