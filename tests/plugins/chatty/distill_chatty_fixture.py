"""Says what it hears on stdout: through Python, past it, through a child, and as a warning."""

import os
import subprocess
import sys
import warnings

from distill_core import hookimpl


@hookimpl
def distill_event(event):
    """Be a nuisance."""
    print("heard", event.event)
    os.write(1, b"heard it past Python\n")
    subprocess.run([sys.executable, "-c", "print('heard it in a child')"], check=True)
    warnings.warn("heard it", stacklevel=1)
