"""Rules of the architecture, held against the sources."""

from __future__ import annotations

import re

import pytest

from .sources import DISTRIBUTIONS, ROOT, files, imports, module, plain, project

KNOW_NO_BACKEND = ("distill-core", "distill-cli", "distill-ui")
BACKEND_NAMES = re.compile(r"\b(vae|vqvae|prior)\b", re.IGNORECASE)
CODEC_NAMES = re.compile(r"(?<![a-z])(vae|vqvae|mosaic)(?![a-z])", re.IGNORECASE)
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "base"}


@pytest.mark.parametrize("name", [name for name in KNOW_NO_BACKEND if name in DISTRIBUTIONS])
def test_core_and_doors_know_no_backends_name(name: str) -> None:
    """What core knew of its own backends, a stranger's could not have."""
    looked_at = [*files(name), ROOT / name / "pyproject.toml"]
    said = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in looked_at
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if BACKEND_NAMES.search(line)
    ]
    assert len(looked_at) > 2
    assert not said


def test_the_prior_knows_no_codec() -> None:
    """It sits on whatever keeps the protocol, a stranger's as well as ours."""
    looked_at = [*files("distill-prior"), ROOT / "distill-prior" / "pyproject.toml"]
    said = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in looked_at
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if CODEC_NAMES.search(line)
    ]
    assert len(looked_at) > 2
    assert not said


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_import_arrows_point_at_core(name: str) -> None:
    """Everyone knows core, core knows nobody, and nobody knows a neighbour."""
    allowed = {"distill_core", module(name)}
    if name == "distill-core":
        allowed = {"distill_core"}
    wrong = {
        str(file.relative_to(ROOT)): sorted(foreign)
        for file in files(name)
        if (foreign := {each for each in imports(file) if each.startswith("distill_")} - allowed)
    }
    assert not wrong


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_requirements_point_where_imports_do(name: str) -> None:
    """A declared neighbour would be installed with it, and soon imported."""
    required = {plain(each) for each in project(name)["dependencies"]}
    expected = set() if name == "distill-core" else {"distill-core"}
    assert {each for each in required if each.startswith("distill")} == expected


def test_all_distributions_share_one_version() -> None:
    """They are released together; the pin on core must say the same."""
    versions = {name: project(name)["version"] for name in DISTRIBUTIONS}
    assert len(set(versions.values())) == 1, versions
    pins = {
        f"{name}: {each}"
        for name in DISTRIBUTIONS
        for each in project(name)["dependencies"]
        if each.startswith("distill-core")
    }
    pinned = f"distill-core=={versions['distill-core']}"
    assert {pin.split(": ")[1] for pin in pins} == {pinned}
    assert len(pins) == len(DISTRIBUTIONS) - 1


def test_no_file_is_named_for_nothing() -> None:
    """A thing that cannot be named has not been understood."""
    assert not [file for file in files() if {file.stem, file.parent.name} & VAGUE]


def test_every_distribution_is_whole() -> None:
    """What a stranger needs to install, read and type-check one of them alone."""
    for name in DISTRIBUTIONS:
        readme = (ROOT / name / "README.md").read_text(encoding="utf-8")
        assert readme.startswith(f"# {name}\n")
        assert (ROOT / name / "src" / module(name) / "py.typed").is_file(), name
        told = project(name)
        assert told["license"] == "MIT"
        assert told["description"].endswith("."), name
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_nox_knows_every_distribution() -> None:
    """One that it did not list would be neither installed, nor checked, nor tried alone."""
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    listed = re.search(r"^DISTRIBUTIONS = \[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    assert listed
    assert sorted(re.findall(r'"([^"]+)"', listed[1])) == DISTRIBUTIONS
