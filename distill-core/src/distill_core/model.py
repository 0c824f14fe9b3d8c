"""A loaded model, whatever its type: it generates, reconstructs, encodes and decodes."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from attrs import frozen

from .errors import AudioError, BackendError, ConfigError, DistillError, Interrupted
from .generating.asked import Asked
from .generating.recipe import part_digest
from .generating.space import Space
from .header import Header
from .presets import settings_from
from .protocols import Reconstructs, Tokenizer
from .seeding import chosen_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .audio.sound import Sound
    from .generating.take import Take
    from .loading import Loaded
    from .modelfile import ModelFile
    from .registry import Registry


@frozen(eq=False, repr=False)
class Model:
    """A model ready to play.

    Attributes:
        file: the model file it came from, in memory.
        host: the network of the file's own type.
        companions: the companions that are installed, by name.
        missing: why a companion in the file cannot be used, by name.
        device: where it computes.
    """

    file: ModelFile
    host: Loaded
    companions: Mapping[str, Loaded]
    missing: Mapping[str, DistillError]
    device: str

    def __repr__(self) -> str:
        """Say what it is; its weights would fill the screen."""
        carried = "".join(f" with a {name}" for name in self.companions)
        return f"<Model {self.name}: {self.type}{carried}, {self.header.path}>"

    @property
    def header(self) -> Header:
        """Give the file's words about itself."""
        return self.file.header

    @property
    def name(self) -> str:
        """Give the model's name."""
        return self.header.name

    @property
    def type(self) -> str:
        """Name the model's type."""
        return self.host.owner.type.name

    @property
    def registry(self) -> Registry:
        """Give the plugins it was loaded with."""
        return self.host.owner.registry

    @property
    def sample_rate(self) -> int:
        """Give the rate of all it reads and makes, in Hz."""
        return int(self.host.config.sample_rate)

    @property
    def channels(self) -> int:
        """Give the number of channels of all it makes."""
        return int(self.host.config.channels)

    def samples(self, seconds: float) -> int:
        """Count the samples of so many seconds; one at least."""
        return max(1, round(seconds * self.sample_rate))

    def player(self) -> Loaded:
        """Give what makes sounds: a companion that can play, else the model itself.

        Raises:
            BackendError: what plays this file is not installed.
            ConfigError: nothing in this file can play yet.
        """
        for loaded in self.companions.values():
            if loaded.owner.type.plays:
                return loaded
        if self.missing:
            raise next(iter(self.missing.values()))
        if self.host.owner.type.plays:
            return self.host
        names = [each.name for each in self.registry.companions(self.host.owner.type) if each.plays]
        if not names:
            raise BackendError(
                f"A {self.type} model reconstructs, and nothing is installed that lets it invent.",
                "See: distill types.",
            )
        path = shlex.quote(str(self.header.path))
        raise ConfigError(
            f"{self.header.path} has nothing yet that invents sounds.",
            f"Train a {names[0]} first: distill train-{names[0]} {path} DATA.",
        )

    def generate(
        self,
        duration: float | None = None,
        seed: int | None = None,
        preset: str | None = None,
        spatial: str = "as-trained",
        width: float = 0.5,
        azimuth: float = 0.0,
        blend: Mapping[Model, float] | None = None,
        **knobs: Any,
    ) -> Take:
        """Make one take.

        Args:
            duration: seconds; by default the natural length, or 10 s for what goes on.
            seed: drawn when it is not given; the take tells it.
            preset: the name of settings in the model file, which `knobs` go on top of.
            spatial: "as-trained", "mono", "stereo" or "binaural" (for headphones).
            width: 0 (both channels alike) to 1; of stereo that is made of mono, and of binaural.
            azimuth: where binaural sound comes from, in degrees to the right; -180 to 180.
            blend: other models to sound together with this one, and their weights: this one has
                the rest to 1. Where it is itself among them, weights count in proportion.
            **knobs: settings of the type that plays, as `temperature=0.9`.

        Raises:
            ConfigError: a setting that cannot be used, no such preset, or nothing in the file can
                play.
            ModelFileError: the preset in the file cannot be used.
            BackendError: what plays this file is not installed.
            AudioError: the model made something that is no sound.
        """
        return next(
            self.takes(
                [seed], duration=duration, preset=preset, spatial=spatial, width=width,
                azimuth=azimuth, blend=blend, **knobs,
            )
        )  # fmt: skip

    def takes(
        self,
        seeds: Sequence[int | None],
        duration: float | None = None,
        batch: int = 1,
        cancel: threading.Event | None = None,
        progress: Callable[[int], object] | None = None,
        preset: str | None = None,
        spatial: str = "as-trained",
        width: float = 0.5,
        azimuth: float = 0.0,
        blend: Mapping[Model, float] | None = None,
        **knobs: Any,
    ) -> Iterator[Take]:
        """Make one take per seed, `batch` of them drawn together; errors as of `generate`.

        Args:
            seeds: one per take; None has one drawn.
            duration: seconds; by default the natural length, or 10 s for what goes on.
            batch: how many are drawn at once.
            cancel: set it to stop at the next chunk; `Interrupted` is raised then.
            progress: told, chunk by chunk, how many samples of a batch's takes are made.
            preset: as of `generate`.
            spatial: as of `generate`.
            width: as of `generate`.
            azimuth: as of `generate`.
            blend: as of `generate`.
            **knobs: settings of the type that plays.
        """
        from .generating.blending import Blend
        from .generating.take import make_takes

        def pulse(samples: int) -> None:
            if progress is not None:
                progress(samples)
            if cancel is not None and cancel.is_set():
                raise Interrupted("Stopped.")

        chosen = [chosen_seed(seed) for seed in seeds]
        settings = settings_from(self.header, self.player().owner.type, knobs, preset)
        space = Space.of(spatial, width, azimuth)
        asked = Asked(
            settings=settings, duration=duration, preset=preset, space=space,
            blend=Blend.of(self, blend),
        )  # fmt: skip
        return make_takes(self, chosen, asked, batch=batch, pulse=pulse)

    def reconstruct(self, sound: Sound) -> Sound:
        """Send a sound through the model: same length, rate and channels.

        Raises:
            ConfigError: this type cannot.
        """
        from .audio.sound import Sound

        network = self.host.network
        audio = self._heard(sound)
        with torch.inference_mode():
            if isinstance(network, Reconstructs):
                again = network.reconstruct(audio)
            else:
                codec = self._tokenizer()
                again = codec.decode(codec.encode(audio), audio.shape[-1])
        made = Sound(again[0].cpu().numpy(), self.sample_rate)
        back = made.to(sample_rate=sound.sample_rate, channels=sound.channels)
        return back.cut(sound.samples.shape[-1])

    def morph(self, start: Sound, end: Sound, steps: int = 8) -> list[Sound]:
        """Make `steps` sounds (2 to 1000) that go from one to another, both ends included.

        Returns:
            Sounds at the model's rate and channels; each is as long as it is far from one length to
            the other.

        Raises:
            ConfigError: this type cannot, or that is no number of steps.
            AudioError: a sound is empty, or the model made something that is no sound.
        """
        from .generating.morphing import morph_between

        return [each.audio for each in morph_between(self, start, end, steps)]

    def encode(self, sound: Sound) -> NDArray[np.int64]:
        """Turn a sound into codes, int64 [1, K, N].

        Raises:
            ConfigError: this type has no codes.
        """
        audio = self._heard(sound)
        with torch.inference_mode():
            return self._tokenizer().encode(audio).cpu().numpy()

    def decode(self, codes: NDArray[np.int64], samples: int | None = None) -> Sound:
        """Turn codes [1, K, N] into a sound of N * hop samples, or of `samples`.

        Raises:
            ConfigError: this type has no codes, or these are none of its.
        """
        from .audio.sound import Sound

        codec = self._tokenizer()
        array = np.asarray(codes)
        shape, whole = array.shape, array.dtype.kind in "iu"
        if len(shape) != 3 or shape[:2] != (1, codec.levels) or not shape[2] or not whole:
            raise ConfigError(f"Codes are whole numbers [1, {codec.levels}, N], not {list(shape)}.")
        if not (array.min() >= 0 and array.max() < codec.entries):
            raise ConfigError(f"Codes lie between 0 and {codec.entries - 1}.")
        tensor = torch.from_numpy(array.astype(np.int64))
        longest = shape[2] * codec.hop
        length = longest if samples is None else samples
        if not 0 < length <= longest:
            raise ConfigError(f"samples: {length} must be more than 0 and at most {longest}.")
        with torch.inference_mode():
            audio = codec.decode(tensor.to(self.device), length)
        return Sound(audio[0].cpu().numpy(), self.sample_rate)

    def digest(self, loaded: Loaded) -> str:
        """Give the SHA-256 of the host's, or a companion's, weights and config in the file."""
        name = loaded.owner.name
        told = self.header.config
        if loaded is not self.host:
            told = self.header.companions[name]["config"]
        return part_digest(self.file.part(name), told)

    def _heard(self, sound: Sound) -> torch.Tensor:
        """Bring a sound to the model's rate, channels and device, [1, C, T].

        Raises:
            AudioError: there is nothing in it.
        """
        own = sound.to(sample_rate=self.sample_rate, channels=self.channels)
        if not own.samples.shape[1]:
            raise AudioError("The sound is empty.")
        return torch.from_numpy(own.samples)[None].to(self.device)

    def _tokenizer(self) -> Tokenizer:
        if not isinstance(self.host.network, Tokenizer):
            raise ConfigError(f"A {self.type} model has no codes.")
        return self.host.network
