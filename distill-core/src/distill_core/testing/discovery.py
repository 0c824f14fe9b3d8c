"""Whether a type is found by its metadata, imported lightly, and let in by core."""

from __future__ import annotations

from importlib.metadata import Distribution
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from ..claims import NARROW, Claim, plain_name
from ..errors import BackendError
from ..registry import Registry
from ..skew import CORE
from .failing import fail
from .lightness import heavy_imports
from .subject import Subject

GROUP = '[project.entry-points."distill.backends"]'
AGAIN = "and install it again (pip install -e .)"


class DiscoveryTests(Subject):
    """What pip, `distill types` and the first import see."""

    def test_one_installed_distribution_brings_it(self, claims: tuple[Claim, ...]) -> None:
        """A type is found by its entry point alone, and of two that claim it none is used."""
        if not self.model_type:
            fail("The class does not say what it tests", 'Give it model_type = "NAME".')
        if not claims:
            fail(
                f"No installed distribution brings the model type {self.model_type!r}",
                f'Write {GROUP} and below it {self.model_type} = "YOUR_MODULE" into pyproject.toml'
                f" (distill.companions for a companion), {AGAIN}. The name must be model_type, and"
                f" {NARROW}, where it is set, must let the distribution in.",
            )
        if len(claims) > 1:
            owners = " and ".join(f"{each.distribution} ({each.value})" for each in claims)
            fail(
                f"The model type {self.model_type!r} is claimed by {owners}",
                f"Uninstall one of them, or choose with {NARROW}={claims[0].distribution}.",
            )

    def test_its_entry_point_names_a_module(self, claim: Claim) -> None:
        """Core asks the hooks of a module, and finds out by its name whose fault is whose."""
        if claim.point is not None and claim.point.attr:
            fail(
                f"The entry point names {claim.value!r}, which is more than a module",
                f"Let it name the module that has the hooks: {claim.name} ="
                f' "{claim.value.partition(":")[0]}", {AGAIN}.',
            )

    def test_its_distribution_says_what_it_is(self, claim: Claim) -> None:
        """`distill types` shows the summary without an import."""
        if not claim.summary:
            fail(
                f"{claim.distribution} has no summary, which `distill types` shows",
                f'Write description = "One sentence." below [project] in pyproject.toml, {AGAIN}.',
            )

    def test_its_distribution_needs_core(self, distribution: Distribution) -> None:
        """So pip brings a core that fits, and core can say which one is missing."""
        if not any(map(_is_core, distribution.requires or ())):
            fail(
                f"{distribution.name} does not say that it needs {CORE}",
                f'Write "{CORE}>=…" (the oldest that it works with) into the dependencies in'
                f" pyproject.toml, {AGAIN}.",
            )

    def test_its_import_pulls_nothing_heavy(self, claim: Claim, plugin: Any) -> None:
        """Every --help reads the knobs of all types: none may wait seconds for torch."""
        found, failure = heavy_imports(claim.value)
        if failure:
            fail(
                f"{claim.value} cannot be imported in a process of its own: {failure}",
                f"Let `python -c 'import {plugin.__name__}'` work, wherever it is run.",
            )
        if found:
            named = ", ".join(
                f"{name} ({where})" if where else name for name, where in found.items()
            )
            fail(
                f"Importing {claim.value} and asking for its model types imports {named}",
                "Import that inside the hooks that need it, and below TYPE_CHECKING for"
                " annotations, so that `distill --help` stays quick.",
            )

    def test_core_accepts_it(self, claim: Claim, installed: tuple[Claim, ...]) -> None:
        """What core refuses nobody can use; `distill plugins` says the same to users."""
        registry = Registry(installed)
        why = ""
        try:
            registry.owner(claim.name, claim.kind)
        except BackendError as error:
            broken = registry.broken.get(claim)
            why = error.message.rstrip(".") if broken is None else broken.reason
        if why:
            fail(
                f"Core cannot use {claim.distribution} ({claim.value}): {why}",
                "Mend that; `distill plugins` says the same, and -v shows where it happens.",
            )


def _is_core(requirement: str) -> bool:
    try:
        needed = Requirement(requirement)
    except InvalidRequirement:
        return False
    always = needed.marker is None or needed.marker.evaluate({"extra": ""})
    return plain_name(needed.name) == CORE and always
