"""Raises what `except Exception` does not catch."""


class Stop(BaseException):
    """The end of everything."""


raise Stop("no further")
