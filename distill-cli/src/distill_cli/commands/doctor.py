"""`distill doctor`: what Distill runs on, and a cure for each thing that is wrong."""

from __future__ import annotations

import click

from .. import arguments
from ..command import Command
from ..screen import current


@click.command("doctor", cls=Command)
@arguments.as_json
def command(as_json: bool) -> None:
    """Check versions, devices, sound formats, plugins, places and settings.

    What is wrong is told with its cure. The exit code is 0 also then: the report is what was asked.
    """
    from ..checkup.report import look

    screen = current()
    found = look()
    if as_json:
        screen.data({"checks": [each.as_json() for each in found]})
        return
    width = max(len(each.check) for each in found)
    for each in found:
        screen.text(f"{'ok   ' if each.ok else 'WRONG'}  {each.check:{width}}  {each.found}")
        if each.cure is not None:
            screen.text(f"{'':{width + 9}}-> {each.cure}")
    wrong = sum(not each.ok for each in found)
    screen.say(
        f"{wrong} of {len(found)} checks found something wrong." if wrong else "All is well."
    )
