"""Which sound files can be read and written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .finding import Finding
from .imports import Probe

READ = ("wav", "flac", "ogg", "opus", "mp3", "aiff", "caf", "au", "w64", "rf64")
WRITTEN = ("wav", "flac", "ogg", "mp3")  # what `generate` offers


def check_formats(
    probes: Mapping[str, Probe], versions: Mapping[str, str], wanted: Mapping[str, str]
) -> list[Finding]:
    """Judge what came of importing numpy and soundfile, and of trying each format."""
    found = []
    for name in ("numpy", "soundfile"):
        probe, version = probes[name], versions.get(name)
        if not probe.error:
            library = probe.told.get("library")
            told = str(probe.told["version"]) + (f", libsndfile {library}" if library else "")
            found.append(Finding(name, told))
        elif version is None and probe.missing == name:
            found.append(Finding(name, "not installed", f'pip install "{wanted[name]}"'))
        else:
            told = f"{version or 'installed'}, but it cannot be imported: {probe.fault}"
            cure = f'Install it anew: pip install --force-reinstall "{wanted[name]}"'
            found.append(Finding(name, told, cure))
    if not probes["soundfile"].error:
        found.append(_check("reading sounds", probes["soundfile"].told["read"], READ))
        found.append(_check("writing sounds", probes["soundfile"].told["written"], WRITTEN))
    return found


def _check(check: str, works: Sequence[str], wanted: Sequence[str]) -> Finding:
    missing = [each for each in wanted if each not in works]
    told = " ".join(works) or "no format"
    if not missing:
        return Finding(check, told)
    return Finding(
        check,
        f"{told}; not {' '.join(missing)}",
        "Install soundfile with a newer libsndfile: pip install --upgrade soundfile",
    )
