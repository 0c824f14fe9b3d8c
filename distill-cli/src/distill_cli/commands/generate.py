"""`distill generate`: new sounds from a model file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from distill_core.configs import by_flag
from distill_core.errors import DistillError, Interrupted, PartialError, StorageError
from distill_core.generating.space import AS_TRAINED, FURTHEST, MODES, WIDTH, Space
from distill_core.header import read_header
from distill_core.library import find
from distill_core.loading import detect
from distill_core.playing import playing_type
from distill_core.presets import presets_in, settings_from
from distill_core.registry import environment

from .. import arguments, partners, values
from ..interrupts import stoppable
from ..options import Knob, KnobCommand, generating_knobs, installed_types
from ..partners import Lineup, leading
from ..screen import beyond_full_scale, current, seconds

FORMATS = ("wav", "flac", "ogg", "mp3")
DEPTHS = ("16", "24", "32")
MOST_TAKES = 1_000_000
NEARLY_SILENT = 1e-3  # peak of a take, 60 dB below full scale
STOPPING = "\nStopping: the takes that are finished stay. Once more to leave at once.\n"


class Generate(KnobCommand):
    """Knows the knobs of what will play the model."""

    def applying(self, values: dict[str, Any]) -> tuple[str, list[Knob]] | None:
        """Read the model's header: a companion that plays has the word, else the type itself."""
        try:
            header = read_header(find(leading(values)))
        except (OSError, TypeError):
            return None  # the command itself will say what is wrong
        registry = environment()
        knobs = generating_knobs(playing_type(header, registry))
        return detect(header, registry), knobs

    def told(self, values: dict[str, Any]) -> bool:
        """Say whether a model was named."""
        return leading(values) is not None

    def everyones(self) -> list[tuple[str, list[Knob]]]:
        """List every installed type's knobs, where it has any."""
        groups = [
            (f"Settings of {each.name}", generating_knobs(each))
            for each in installed_types("backend", "companion")
        ]
        return [(heading, knobs) for heading, knobs in groups if knobs]


@click.command("generate", cls=Generate)
@arguments.together(
    partners.model,
    values.option(
        "-o",
        "--out",
        type=values.Place(path_type=Path, file_okay=False),
        default=Path("takes"),
        show_default=True,
        help="The folder to write to.",
    ),
    values.option(
        "--duration", type=float, help="Seconds.  [default: a sound's natural end, or 10]"
    ),
    values.option(
        "--count",
        type=click.IntRange(1, MOST_TAKES),
        default=1,
        show_default=True,
        help="How many takes, from seeds S, S+1, …",
    ),
    values.option(
        "--batch",
        type=click.IntRange(1, 1024),
        default=1,
        show_default=True,
        help="How many takes are drawn together.",
    ),
    arguments.seed,
    values.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS),
        default="wav",
        show_default=True,
        help="The sound files' format.",
    ),
    values.option(
        "--bit-depth",
        type=click.Choice(DEPTHS),
        help="Bits a sample, for wav (16, 24, 32) and flac (16, 24).  [default: 24]",
    ),
    values.option(
        "--sample-rate",
        type=click.IntRange(min=1000, max=384_000),
        help="Hz.  [default: the model's]",
    ),
    values.option(
        "--preset",
        metavar="NAME",
        help="Start from the settings that MODEL keeps under this name; see: distill presets list.",
    ),
    partners.blend,
    values.option(
        "--spatial",
        type=click.Choice(MODES),
        default=AS_TRAINED,
        show_default=True,
        help="One channel, two, or two for headphones.",
    ),
    values.option(
        "--width",
        type=click.FloatRange(0, 1),
        help=f"How wide stereo of a mono model, or binaural, is.  [default: {WIDTH}]",
    ),
    values.option(
        "--azimuth",
        type=click.FloatRange(-FURTHEST, FURTHEST),
        help="Where binaural sound comes from: degrees to the right.  [default: 0]",
    ),
    values.option(
        "--meta",
        multiple=True,
        metavar="KEY=VALUE",
        help="Words for the tag and the recipe, as title=…; may be given several times.",
    ),
    arguments.device,
    arguments.threads,
    arguments.as_json,
)
def command(
    knobs: dict[str, Any],
    model: str | None,
    out: Path,
    count: int,
    seed: int | None,
    as_json: bool,
    **told: Any,
) -> None:
    """Make new sounds with MODEL (a path, a name or an id), each with its recipe beside it.

    The same seed, settings, model and machine give the same bytes.
    """
    from distill_core.device import set_threads
    from distill_core.generating.export import Encoding, file_stem
    from distill_core.loading import load
    from distill_core.seeding import chosen_seed

    screen = current()
    encoding = Encoding.of(
        told["format_"], told["bit_depth"] and int(told["bit_depth"]), told["sample_rate"],
        _pairs(told["meta"]),
    )  # fmt: skip
    threads = set_threads(told["threads"])
    lineup = Lineup.of(model, told["blend"])
    loaded = load(lineup.paths[0], device=told["device"])
    player = loaded.player()
    kind, preset = player.owner.type, _preset(loaded, player, told["preset"])
    settings = settings_from(loaded.header, kind, knobs, preset, by_flag(kind.generating))
    _introduce(loaded, player, settings, threads)
    space = _space(loaded, player, told)
    blend = lineup.blend_with(loaded, told["device"])
    for broken in environment().listen():
        screen.warn(broken.left_out)
    first = chosen_seed(seed)
    if seed is None:
        screen.say(f"Seed: {first} (drawn)")
    with stoppable(STOPPING) as cancel:
        takes = loaded.takes(
            range(first, first + count), duration=told["duration"], batch=told["batch"],
            cancel=cancel, preset=preset, spatial=space.mode, width=space.width,
            azimuth=space.azimuth, blend=blend, **knobs,
        )  # fmt: skip
        _write(takes, count, file_stem(loaded.name), out, encoding, as_json)


def _write(takes: Any, count: int, stem: str, out: Path, encoding: Any, as_json: bool) -> None:
    """Write the takes as they are made, and tell of each; a late failure undoes none."""
    from distill_core.generating.export import reserved, write_take

    screen, rows = current(), []
    failed: Exception | None = None
    try:
        for take in takes:
            out.mkdir(parents=True, exist_ok=True)
            with reserved(out, f"{stem}-{take.seed}", encoding.format) as path:
                done = write_take(take, path, encoding)
            rows.append(
                {
                    "path": str(path), "sidecar": str(path.with_suffix(".json")),
                    "seed": take.seed, "seconds": round(done.audio.seconds, 6),
                    "sample_rate": done.audio.sample_rate, "channels": done.audio.channels,
                    "clipped": done.clipped,
                }
            )  # fmt: skip
            if take.clipped:
                screen.warn(beyond_full_scale(path, take.clipped))
            peak = float(abs(take.audio.samples).max(initial=0.0))
            if peak < NEARLY_SILENT:
                screen.warn(f"{path} is nearly silent.")
            if not as_json:
                screen.text(f"{path}  {seconds(done.audio.seconds)}")
    except (DistillError, OSError) as error:
        if not rows:
            raise
        failed = StorageError.of(error) if isinstance(error, OSError) else error
    if as_json:
        screen.data({"takes": rows})
    if isinstance(failed, Interrupted):
        raise Interrupted(f"Stopped: {len(rows)} of {count} takes were made.")
    if failed is not None:
        raise PartialError(f"{len(rows)} of {count} takes were made, then: {failed}")


def _preset(loaded: Any, player: Any, name: str | None) -> str | None:
    """Say which preset to start from; one of a model without any is ignored."""
    if name is None or presets_in(loaded.header, [player.owner.name]):
        return name
    current().warn(f"--preset: {loaded.name} has no presets. Ignored.")
    return None


def _space(loaded: Any, player: Any, told: dict[str, Any]) -> Space:
    """Say what the spatial mode does to takes of this model, and what has no effect."""
    given = {name: told[name] for name in ("width", "azimuth") if told[name] is not None}
    space = Space.of(told["spatial"], **given)
    for name in given.keys() - space.numbers(loaded.channels).keys():
        current().warn(
            f"--{name} means nothing to --spatial {space.mode} of {loaded.name}. Ignored."
        )
    sentence = space.told(player.owner.type, loaded.channels)
    if sentence:
        current().say(sentence)
    return space


def _introduce(loaded: Any, player: Any, settings: Any, threads: int) -> None:
    """Say what was loaded and which settings are in force."""
    from distill_core.configs import unstructure

    screen = current()
    fitting = {each.name for each in environment().companions(loaded.host.owner.type)}
    names = sorted(fitting | set(loaded.companions))
    has = "".join(f", {name}: {'yes' if name in loaded.companions else 'no'}" for name in names)
    version = loaded.header.version
    screen.say(f"Loaded {loaded.name}: {loaded.type} {version}{has}, device: {loaded.device}")
    force = unstructure(settings) | {"threads": threads}
    screen.say("Settings: " + ", ".join(f"{name} {_plain(force[name])}" for name in force))


def _plain(value: Any) -> str:
    """Write a setting as people say it: a table as it is typed, and None, which is automatic."""
    if isinstance(value, dict):
        return " ".join(f"{name}={number:g}" for name, number in value.items()) or "none"
    return "auto" if value is None else str(value)


def _pairs(words: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for word in words:
        key, separator, value = word.partition("=")
        if not separator or not key or not word.isprintable():
            raise click.UsageError(f"--meta: {word!r} is not KEY=VALUE in printable characters.")
        found[key] = value
    return found
