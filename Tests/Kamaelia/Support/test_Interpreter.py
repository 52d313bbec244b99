"""Statements that arrive line by line."""

import pytest

from Kamaelia.Support.Interpreter import Interpreter, Response


def test_an_expression_has_a_value_which_is_kept_as_underscore() -> None:
    interpreter = Interpreter({"x": 20})
    assert interpreter.push("x + 1") == Response(value=21)
    assert interpreter.push("_ * 2").value == 42
    assert interpreter.push("None") == Response()
    assert interpreter.push("0").value == 0


def test_a_statement_changes_the_namespace() -> None:
    interpreter = Interpreter()
    assert interpreter.push("x = 1") == Response()
    assert interpreter.namespace["x"] == 1


def test_an_empty_line_ends_a_compound_statement() -> None:
    interpreter = Interpreter()
    lines = ["for i in range(2):", "    print(i)", "    y = i"]
    assert [interpreter.push(line).isComplete for line in lines] == [False] * 3
    assert interpreter.push("") == Response("0\n1\n")
    assert interpreter.namespace["y"] == 1


def test_print_does_not_write_to_the_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert Interpreter().push("print('hello')").text == "hello\n"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("statement", ["1 +", "1/0", "raise KeyboardInterrupt", "a\0b", "no_name"])
def test_an_error_is_a_traceback_and_the_next_statement_runs(statement: str) -> None:
    interpreter = Interpreter()
    response = interpreter.push(statement)
    assert response.isError
    assert "Interpreter.py" not in response.text
    assert interpreter.push("1").value == 1


def test_what_was_printed_before_an_error_is_in_the_response() -> None:
    text = Interpreter().push("print('before'); 1/0").text
    assert text.startswith("before\n")
    assert text.endswith("ZeroDivisionError: division by zero\n")


def test_exit_is_raised() -> None:
    with pytest.raises(SystemExit):
        Interpreter().push("raise SystemExit")
