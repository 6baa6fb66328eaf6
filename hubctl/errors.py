"""The one error of this command line."""


class CommandError(Exception):
    """What the operator asked for cannot be done. The text is one line that says why and what to do; exit code 1."""
