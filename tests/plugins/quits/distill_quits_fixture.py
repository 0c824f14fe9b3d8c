"""Ends the process when it is imported, as a script does that was not meant to be imported."""

import sys

sys.exit("No licence found.")
