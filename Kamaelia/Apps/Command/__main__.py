"""`python -m Kamaelia.Apps.Command`, for an environment without the command `kamaelia`."""

from Kamaelia.Apps.Command.Main import entryPoint

if __name__ == "__main__":
    entryPoint()
