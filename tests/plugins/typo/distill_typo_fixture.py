"""A backend with a misspelt hook, which nobody would ever call."""

from distill_core import ModelType, hookimpl

asked = []  # what was asked of it after all


@hookimpl
def distill_model_types():
    """Say what it brings, had it been registered whole."""
    asked.append("distill_model_types")
    return [
        ModelType(
            name="misspelt", versions=(1,), summary="", model=int, training=int, generating=int
        )
    ]


@hookimpl
def distill_detect(header):
    """Claim every header: nobody may hear it once it failed."""
    asked.append("distill_detect")
    return "misspelt"


@hookimpl
def distill_generat(model, config, request):
    """Be misspelt."""
