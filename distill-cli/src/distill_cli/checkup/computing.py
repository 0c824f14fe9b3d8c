"""What computes: torch, torchaudio, the two together, the devices."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from .finding import Finding, one_line
from .imports import Probe
from .versions import release

CPU_ONLY = " (without a GPU: both from PyTorch's own CPU index)"
CUDA_WORDS = ("cuda", "cudart", "nvrtc", "cublas", "c10_cuda")


@frozen
class Machine:
    """What there is to compute on, apart from what torch says."""

    cores: int
    nvidia: bool  # whether an NVIDIA driver is there


def check_computing(
    probes: Mapping[str, Probe],
    versions: Mapping[str, str],
    wanted: Mapping[str, str],
    machine: Machine,
) -> list[Finding]:
    """Judge what came of importing torch and torchaudio.

    Args:
        probes: the attempts, by name.
        versions: what is installed by its metadata, by name.
        wanted: how pip is told which versions fit, by name.
        machine: what there is.
    """
    torch, torchaudio = probes["torch"], probes["torchaudio"]
    pair = f'"{wanted["torch"]}" "{wanted["torchaudio"]}"'
    missing = [name for name in ("torch", "torchaudio") if not versions.get(name)]
    again = f"Install both anew, from one place: pip install --force-reinstall {pair}"
    cure = f"pip install {pair}" if missing else again + CPU_ONLY
    found = [_check_import("torch", torch, versions, cure)]
    if not torch.error or "torchaudio" in missing:  # else it was not tried, or failed with torch
        found.append(_check_import("torchaudio", torchaudio, versions, cure))
    if not missing:
        found += check_pair(torch, torchaudio, versions, cure)
    if not torch.error:
        found += _check_devices(torch, machine, again)
    return found


def check_pair(
    torch: Probe, torchaudio: Probe, versions: Mapping[str, str], cure: str
) -> list[Finding]:
    """Say whether torch and torchaudio were made for each other, if that can be told.

    torchaudio is compiled against one release of torch, and against its CUDA build or its CPU
    build; beside another its import fails with an OSError or a symbol that is not there.
    """
    one, two = versions["torch"], versions["torchaudio"]
    told, check = f"torch {one}, torchaudio {two}", "torch and torchaudio"
    if (release(one) or ())[:2] != (release(two) or ())[:2]:
        why = "no pair: the first two numbers must be the same"
        return [Finding(check, f"{told}: {why}", cure)]
    if torch.error or (torchaudio.missing and torchaudio.missing != "torchaudio"):
        return []  # that is another fault, and told already
    if not torchaudio.error:
        return [Finding(check, f"{told}: a pair")]
    why = "torchaudio was built for another torch"
    if not torch.told["build"] and any(word in torchaudio.message.lower() for word in CUDA_WORDS):
        why = "this torch is built for CPUs only, and this torchaudio for CUDA"
    return [Finding(check, f"{told}: mismatched, {why}", cure)]


def _check_import(name: str, probe: Probe, versions: Mapping[str, str], cure: str) -> Finding:
    """Say which version is there, or why it cannot be used."""
    version = versions.get(name)
    if not probe.error:
        return Finding(name, str(probe.told["version"]))
    if version is None and probe.missing == name:
        return Finding(name, "not installed", cure)
    return Finding(name, f"{version or 'there'}, but it cannot be imported: {probe.fault}", cure)


def _check_devices(torch: Probe, machine: Machine, again: str) -> list[Finding]:
    """List what torch would compute on."""
    told = torch.told
    cores, threads = machine.cores, told["threads"]
    found = [
        Finding("CPU", f"{cores} core{'s' * (cores != 1)}; torch uses {threads} of them at once"),
        _check_cuda(torch, machine, again),
        Finding("MPS", "there, for --device mps" if told["mps"] else "none"),
    ]
    if told["bridge"]:
        found.append(
            Finding(
                "torch and numpy",
                f"they do not work together: {one_line(told['bridge'])}",
                "Install both anew: pip install --force-reinstall torch numpy",
            )
        )
    return found


def _check_cuda(torch: Probe, machine: Machine, again: str) -> Finding:
    """Say which CUDA devices there are, and why not where a driver is there."""
    if torch.told["cuda"]:
        return Finding("CUDA", ", ".join(torch.told["cuda"]))
    if not machine.nvidia:
        return Finding("CUDA", "none")
    if not torch.told["build"]:
        why = "an NVIDIA driver is there, but this torch is built for CPUs only"
        return Finding("CUDA", why, f"{again} (neither of them from the CPU index)")
    why = one_line(torch.told["complaint"] or "torch does not say why")
    return Finding(
        "CUDA", f"an NVIDIA driver is there, but torch cannot use it: {why}",
        "Update the driver, or install a torch that fits it; until then the CPU is used.",
    )  # fmt: skip
