"""From a model file to networks ready to play, through the hooks: detect, build, load."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from .claims import NARROW
from .configs import structure
from .detection import ask_around
from .device import pick_device
from .errors import BackendError, ConfigError, DistillError, ModelFileError
from .header import Header, check_is_model
from .library import find
from .modelfile import ModelFile, read_model_file
from .owner import Owner
from .part import Part
from .registry import Registry, environment
from .seeding import seeded

if TYPE_CHECKING:
    from torch import nn

    from .model import Model

DISTRIBUTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
MOST_SETTINGS = 1000  # of a config; ours have a dozen
LONGEST_COMPLAINT = 1000  # characters of what is wrong with a config


@frozen
class Loaded:
    """A network ready to play, with its owner, its config and its extras."""

    owner: Owner
    network: nn.Module
    config: Any
    extras: Mapping[str, Any]


def load(
    path: str | Path,
    device: str = "auto",
    registry: Registry | None = None,
    companions: bool = True,
) -> Model:
    """Load a model file by path, name or id; its header picks the backend.

    Args:
        path: a path, a name in the library, or a unique prefix of an id.
        device: "auto", "cpu", "cuda" or "mps".
        registry: the plugins to use instead of the environment's.
        companions: load what else the file holds; without, the model itself alone.

    Raises:
        ConfigError: no such file.
        ModelFileError: it is damaged, incompatible or too new.
        BackendError: the backend that reads it is missing or broken.
    """
    from .model import Model

    registry = registry or environment()
    chosen = pick_device(device)
    file = read_model_file(find(path))
    check_is_model(file.header)
    registry.listen()  # who stands around distill_load
    host = load_part(file, registry, chosen)
    found: dict[str, Loaded] = {}
    missing: dict[str, DistillError] = {}
    for name in sorted(file.header.companions) if companions else ():
        try:
            found[name] = load_part(file, registry, chosen, companion=name, host=host.network)
        except (BackendError, ModelFileError) as error:
            missing[name] = error  # the host still reconstructs; playing will say what is wrong
    return Model(file, host, found, missing, chosen)


def load_part(
    file: ModelFile,
    registry: Registry,
    device: str,
    companion: str | None = None,
    host: nn.Module | None = None,
) -> Loaded:
    """Load the file's own model, or the companion of that name on its host."""
    header = file.header
    name = detect(header, registry) if companion is None else companion
    owner = _owner(header, registry, name, companion)
    version, table = version_and_config(header, companion)
    _check_version(header, owner, version)
    config = _config(header, owner, table)
    if companion is None:
        _agree(header, config)
    part = Part(
        header.path,
        name,
        version,
        config,
        file.part(name),
        _extras(header, name),
        lambda on: build(owner, config, on),
    )
    network = owner.call("distill_load", file=part, device=device, host=host)
    return Loaded(owner, network, config, part.extras)


def version_and_config(header: Header, companion: str | None) -> tuple[int, dict[str, Any]]:
    """Read the version and the config of the file's own model, or of a companion."""
    if companion is None:
        return (1 if header.version is None else header.version), header.config
    record = header.companions[companion]
    if isinstance(record, dict):
        version, config = record.get("version"), record.get("config")
        if type(version) is int and isinstance(config, dict):
            return version, config
    raise ModelFileError(f"{header.path}: what it says of {companion} is damaged.")


def _check_version(header: Header, owner: Owner, version: int) -> None:
    """Refuse what this backend does not read, and say which way out there is."""
    if version in owner.type.versions:
        return
    backend = owner.claim.distribution
    cure = f"Upgrade it: pip install --upgrade {backend}."
    if version < max(owner.type.versions):
        cure = f"Train it again, or install an older {backend}."
    raise ModelFileError(
        f"{header.path} holds {owner.name} of version {version}; the installed {owner.backend}"
        f" reads {', '.join(map(str, owner.type.versions))}.",
        cure,
    )


def _agree(header: Header, config: Any) -> None:
    """Refuse a header whose words for people are not what the network is built from."""
    told, meant = (header.sample_rate, header.channels), (config.sample_rate, config.channels)
    if told != meant:
        raise ModelFileError(f"{header.path}: its header tells {told}, its config {meant}.")


def build(owner: Owner, config: Any, host: nn.Module | None, seed: int = 0) -> nn.Module:
    """Build an untrained network through its owner's hook, from a seed."""
    with seeded(seed):
        network: nn.Module = owner.call("distill_build", config=config, host=host)
    return network


def detect(header: Header, registry: Registry) -> str:
    """Say which model type a header is of; ask around when it names none that is installed.

    Raises:
        BackendError: nobody installed reads it, or two claim it.
    """
    known = {claim.name for claim in registry.named("backend")}
    if header.model_type in known:
        return str(header.model_type)
    claimed, failed = ask_around(header, registry)
    if len(claimed) == 1:
        return claimed.pop()
    if claimed:
        raise BackendError(
            f"{header.path} is claimed as {' and as '.join(sorted(claimed))}.",
            "Uninstall one of the two.",
        )
    missing = missing_backend(
        header.path, header.model_type or "unknown", header.told.get("backend", "")
    )
    told = " ".join(error.message for error in failed)
    raise BackendError(f"{missing.message} {told}", missing.hint) if told else missing


def missing_backend(path: Path, name: str, backend: str) -> BackendError:
    """Say which distribution a model file, or a run, needs."""
    first = backend.partition(" ")[0]
    also = f", and name it in {NARROW}" if NARROW in os.environ else ""
    known = DISTRIBUTION.fullmatch(first)  # a file from a stranger may say anything
    cure = (
        f"Install it: pip install {first}{also}." if known else "Install the backend that made it."
    )
    return BackendError(f"{path} needs the model type {name}, which is not installed.", cure)


def _extras(header: Header, name: str) -> Mapping[str, Any]:
    """Give what a part learnt only after training, which must be a table."""
    extras = header.extras.get(name, {})
    if not isinstance(extras, dict):
        raise ModelFileError(f"{header.path}: the extras of {name} are damaged.")
    return extras


def _owner(header: Header, registry: Registry, name: str, companion: str | None) -> Owner:
    """Find the owner; a companion nobody brings is the file's need, not the user's mistake."""
    if companion is not None and name not in {each.name for each in registry.named("companion")}:
        record = header.companions[companion]
        backend = record.get("backend", "") if isinstance(record, dict) else ""
        raise missing_backend(header.path, name, str(backend))
    return registry.owner(name)


def _config(header: Header, owner: Owner, table: dict[str, Any]) -> Any:
    """Structure a part's config, in the file's words: every wrong field at once."""
    try:
        if len(table) > MOST_SETTINGS:  # judging each would take its time
            raise ConfigError(f"it has {len(table)} settings.")
        return structure(owner.type.model, table)
    except ConfigError as error:
        words = str(error)
        told = words if len(words) <= LONGEST_COMPLAINT else words[:LONGEST_COMPLAINT] + " …"
        raise ModelFileError(f"{header.path}: {owner.name}'s config: {told}") from error
