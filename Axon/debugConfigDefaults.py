"""Which debugging output is wanted where no file says so."""

__all__ = ["defaultConfig"]


def defaultConfig() -> dict[str, tuple[int, str]]:
    """Section -> (level, location): none by default."""
    return {}
