"""Reads the file that says which sections of debugging output are wanted, and how much of each.

A line is a section's name, the highest level of detail wanted of it, and a
location, which has no meaning today and may be left out. Lines that are empty
or begin with # count as comments:

    # what the greeter does, but not each word of it
    Greeter.main   5   default
"""

__all__ = ["readConfig"]


def readConfig(filename: str) -> dict[str, tuple[int, str]]:
    """Section -> (level, location), as the file gives them.

    Raises OSError where the file cannot be read, ValueError for a line that says something else.
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
