"""An interpreter of Python statements that arrive line by line.

Example usage
-------------
    interpreter = Interpreter({"x": 20})
    interpreter.push("x + 1")               # Response(text="", value=21, ...)
    interpreter.push("for i in range(2):")  # Response(isComplete=False, ...)
    interpreter.push("    print(i)")
    interpreter.push("")                    # Response(text="0\\n1\\n", ...)

How does it work?
-----------------
As at Python's own prompt, an empty line ends a compound statement. `print` in the statements writes
to the response; the standard output is left alone.
"""

from __future__ import annotations

import io
import traceback
from codeop import CommandCompiler
from functools import partial
from types import CodeType
from typing import Any, NamedTuple

__all__ = ["Interpreter", "Response"]


class Response(NamedTuple):
    """What a line has caused."""

    text: str = ""  # what was printed, and the traceback of an error
    value: Any = None  # of an expression
    isComplete: bool = True  # False: the statement continues in the next line
    isError: bool = False


class Interpreter:
    """Interpreter([namespace]): executes statements in `namespace`, a dict."""

    def __init__(self, namespace: dict[str, Any] | None = None) -> None:
        self._output = io.StringIO()
        self.namespace: dict[str, Any] = {
            "__name__": "__console__",
            "print": partial(print, file=self._output),
            **(namespace or {}),
        }
        self._compile = CommandCompiler()
        self._lines: list[str] = []

    def push(self, line: str) -> Response:
        """Execute a statement if `line` completes one. Raises SystemExit if the statement does."""
        self._lines.append(line)
        source = "\n".join(self._lines)
        try:
            if self._compile(source, "<input>", "single") is None:
                return Response(isComplete=False)
            code = compiled(source)
        except (SyntaxError, ValueError, OverflowError):
            self._lines.clear()
            return Response(traceback.format_exc(limit=0), isError=True)
        self._lines.clear()
        return self._execute(code)

    def _execute(self, code: CodeType) -> Response:
        error = value = None
        try:
            value = eval(code, self.namespace)  # the result of exec() would be None, too
        except (SystemExit, GeneratorExit):
            raise
        except BaseException as raised:  # noqa: BLE001 - shown to whoever wrote the statement
            error = "".join(traceback.format_exception(hideCaller(raised)))
        if value is not None:
            self.namespace["_"] = value
        text = self._output.getvalue() + (error or "")
        self._output.seek(0)
        self._output.truncate()
        return Response(text, value, isError=error is not None)


def compiled(source: str) -> CodeType:
    """Return the code of an expression or, if it is none, of a statement."""
    try:
        return compile(source.strip(), "<input>", "eval")
    except SyntaxError:
        return compile(source + "\n", "<input>", "exec")


def hideCaller(error: BaseException) -> BaseException:
    """Return `error` without the frame of the interpreter in its traceback."""
    inner = error.__traceback__.tb_next if error.__traceback__ is not None else None
    return error.with_traceback(inner)
