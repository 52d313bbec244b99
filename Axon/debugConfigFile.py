"""The configuration file of debugging output: its sections, and the level of each.

A line contains the name of a section, the highest level of detail that is logged, and
optionally a location, which has no effect. Empty lines and lines that begin with # are ignored:

    # the steps of the greeter, but not each word
    Greeter.main   5   default
"""

__all__ = ["readConfig"]


def readConfig(filename: str) -> dict[str, tuple[int, str]]:
    """Return section -> (level, location) from the file.

    Raises OSError if the file cannot be read, and ValueError for a line in another form.
    """
    config: dict[str, tuple[int, str]] = {}
    with open(filename, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            match line.split():
                case []:
                    pass
                case [word, *_] if word.startswith("#"):
                    pass
                case [section, level, *location] if level.isdecimal() and len(location) <= 1:
                    config[section] = int(level), (location or ["default"])[0]
                case _:
                    raise ValueError(
                        f"{filename}, line {number}: expected a section, a level and a location, "
                        f"not {line.strip()!r}"
                    )
    return config
