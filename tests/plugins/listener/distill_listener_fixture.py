"""Remembers every event, and counts the takes that are made around it."""

from distill_core import hookimpl

heard = []
wrapped = []


@hookimpl
def distill_event(event):
    """Remember."""
    heard.append(event)


@hookimpl(wrapper=True)
def distill_generate(model_type, model, config, request):
    """Stand around whoever plays, and pass on what comes."""
    wrapped.append(model_type)
    return (yield)
