"""From a model file to networks ready to play, through the hooks: detect, build, load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from .configs import structure
from .device import pick_device
from .errors import BackendError, ConfigError, DistillError, ModelFileError
from .header import Header
from .library import find
from .modelfile import ModelFile, read_model_file
from .registry import Owner, Registry, environment
from .seeding import seeded

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .model import Model


@frozen
class Part:
    """One part of a model file, as `distill_load` gets it.

    Attributes:
        path: of the file, for messages.
        model_type: whose part it is.
        version: of the part's layout.
        config: an object of the type's model config class.
        tensors: the part's tensors by name; they share the file's memory.
        extras: what the backend learnt only after training.
        build: builds the untrained network on a host, through the owner's hook.
    """

    path: Path
    model_type: str
    version: int
    config: Any
    tensors: Mapping[str, Tensor]
    extras: Mapping[str, Any]
    build: Callable[[nn.Module | None], nn.Module]


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
    if companion is None:
        name, told = detect(header, registry), None
        config, version = header.config, header.version or 1
    else:
        name, told = companion, header.companions[companion]
        try:
            config, version = told["config"], int(told["version"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFileError(f"{header.path}: what it says of {name} is damaged.") from error
    owner = _owner(header, registry, name, companion)
    if version not in owner.type.versions:
        raise ModelFileError(
            f"{header.path} holds {name} of version {version}; what is installed reads"
            f" {', '.join(map(str, owner.type.versions))}.",
            f"Upgrade it: pip install --upgrade {registry.claim(name).distribution}.",
        )
    part = Part(
        header.path,
        name,
        version,
        _config(header, owner, config),
        file.part(name),
        _extras(header, name),
        lambda on: build(owner, part.config, on),
    )
    network = owner.call("distill_load", file=part, device=device, host=host)
    if companion is None:
        _agree(header, part.config)
    return Loaded(owner, network, part.config, part.extras)


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
    for claim in registry.named("backend", "companion", "plugin"):
        try:
            registry.load(claim)
        except BackendError:
            continue
    claims = sorted(set(registry.everyone().distill_detect(header=header)))
    if len(claims) == 1:
        return str(claims[0])
    if claims:
        raise BackendError(
            f"{header.path} is claimed as {' and as '.join(claims)}.", "Uninstall one of the two."
        )
    raise missing_backend(header, header.model_type or "unknown", header.told.get("backend", ""))


def missing_backend(header: Header, name: str, backend: str) -> BackendError:
    """Say which distribution a model file needs."""
    words = backend.split()
    cure = f"Install it: pip install {words[0]}." if words else "Install the backend that made it."
    return BackendError(f"{header.path} needs the model type {name}, which is not installed.", cure)


def _extras(header: Header, name: str) -> Mapping[str, Any]:
    """Give what a part learnt only after training, which must be a table."""
    extras = header.extras.get(name, {})
    if not isinstance(extras, dict):
        raise ModelFileError(f"{header.path}: the extras of {name} are damaged.")
    return extras


def _owner(header: Header, registry: Registry, name: str, companion: str | None) -> Owner:
    """Find the owner; a companion nobody brings is the file's need, not the user's mistake."""
    if companion is not None and name not in {each.name for each in registry.named("companion")}:
        backend = str(header.companions[companion].get("backend", ""))
        raise missing_backend(header, name, backend)
    return registry.owner(name)


def _config(header: Header, owner: Owner, table: Any) -> Any:
    """Structure a part's config, in the file's words."""
    try:
        return structure(owner.type.model, table)
    except (ConfigError, TypeError) as error:
        raise ModelFileError(f"{header.path}: {owner.type.name}'s config: {error}") from error
