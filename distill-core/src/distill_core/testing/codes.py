"""Conformance: what a network that codes or reconstructs keeps."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ..loading import Loaded
from ..model import Model
from ..protocols import Reconstructs, ShowsVectors, Tokenizer
from .failing import excepting, hold
from .generators import Generators
from .sounding import noise
from .trained import TrainedTests

FRAMES = 3  # of the longer sounds that are coded
BATCH = 2
SAME_CODES = 0.9  # share; arithmetic of another batch may tip a code that is as near as its next
ALIKE = 1e-4  # of full scale; what a batch's arithmetic may change
LENGTHS = ("1", "hop - 1", "hop", "hop + 1", "3 hops + 7")


class CodesTests(TrainedTests):
    """Companions rely on these to the sample: they know no codec but by its protocol."""

    @pytest.fixture(scope="class")
    @classmethod
    def codec(cls, part: Loaded) -> Tokenizer:
        """Give the network, which is a Tokenizer."""
        if Tokenizer not in part.owner.type.provides:
            pytest.skip(f"{part.owner.name} promises no Tokenizer.")
        assert isinstance(part.network, Tokenizer)  # core asked when it was built
        return part.network

    @pytest.fixture(params=LENGTHS)
    def audio(self, request: pytest.FixtureRequest, codec: Tokenizer, model: Model) -> Tensor:
        """Give sounds of an odd length, [B, C, T]."""
        hop = codec.hop
        lengths = dict(zip(LENGTHS, (1, hop - 1, hop, hop + 1, FRAMES * hop + 7), strict=True))
        sound = torch.from_numpy(noise(model, max(1, lengths[request.param])).samples)
        return sound.expand(BATCH, -1, -1)

    def test_a_tokenizer_says_what_it_codes(self, codec: Tokenizer, part: Loaded) -> None:
        """What sits on it takes its sizes from there."""
        told = {
            name: getattr(codec, name)
            for name in ("sample_rate", "channels", "levels", "entries", "hop")
        }
        odd = {name: value for name, value in told.items() if type(value) is not int or value < 1}
        hold(not odd, f"A Tokenizer tells whole numbers of 1 and more, not {odd}.")
        wanted = (part.config.sample_rate, part.config.channels)
        hold(
            (codec.sample_rate, codec.channels) == wanted,
            f"Its sample_rate and channels are {codec.sample_rate} and {codec.channels}, its"
            f" config's are {wanted[0]} and {wanted[1]}. Let the network take the config's.",
        )

    @torch.inference_mode()
    def test_sounds_of_any_length_are_coded(self, codec: Tokenizer, audio: Tensor) -> None:
        """One frame of codes for every hop that was begun."""
        self.check_codes(codec, encode(codec, audio), audio.shape[-1])

    @torch.inference_mode()
    def test_codes_are_decoded_to_any_length(self, codec: Tokenizer, audio: Tensor) -> None:
        """Codes become exactly as many samples as were asked for, and codes again."""
        samples = audio.shape[-1]
        decoded = decode(codec, encode(codec, audio), samples)
        wanted = [BATCH, codec.channels, samples]
        hold(
            decoded.dtype == torch.float32 and list(decoded.shape) == wanted,
            f"decode(codes, {samples}) gives {decoded.dtype} {list(decoded.shape)}, not float32"
            f" {wanted}. Cut what is decoded to the samples that were asked for.",
        )
        hold(decoded.isfinite().all(), "What decode gives is not finite.")
        self.check_codes(codec, encode(codec, decoded), samples)

    @torch.inference_mode()
    def test_any_codes_can_be_decoded(self, codec: Tokenizer) -> None:
        """What a companion draws need not be anything that encode ever gave."""
        rng = torch.Generator().manual_seed(0)
        codes = torch.randint(codec.entries, (1, codec.levels, FRAMES), generator=rng)
        for each in (codes, torch.zeros_like(codes), torch.full_like(codes, codec.entries - 1)):
            decoded = decode(codec, each, FRAMES * codec.hop)
            hold(
                decoded.isfinite().all() and decoded.shape[-1] == FRAMES * codec.hop,
                f"Codes from 0 to entries - 1 give {list(decoded.shape)} samples, or some that are"
                " not finite.",
            )

    @torch.inference_mode()
    def test_coding_twice_gives_the_same(self, codec: Tokenizer, model: Model) -> None:
        """A codec that rolls dice cannot be learnt from, nor a take be made again."""
        audio, before = (
            torch.from_numpy(noise(model, FRAMES * codec.hop).samples)[None],
            Generators.now(),
        )
        one, other = encode(codec, audio), encode(codec, audio)
        hold(torch.equal(one, other), "One sound was coded in two ways. Draw nothing in encode.")
        samples = FRAMES * codec.hop
        first, second = decode(codec, one, samples), decode(codec, one, samples)
        hold(torch.equal(first, second), "The same codes gave two sounds. Draw nothing in decode.")
        changed = before.changed()
        hold(
            not changed,
            f"Coding changes the global generator of {', '.join(changed)}. Draw nothing in encode"
            " and decode, and seed nothing.",
        )

    @torch.inference_mode()
    def test_vectors_are_those_of_its_codes(self, codec: Tokenizer) -> None:
        """Companions learn from them which codes sound alike."""
        if not isinstance(codec, ShowsVectors):
            pytest.skip("It shows no vectors.")
        vectors = codec.code_vectors()
        wanted = [codec.levels, codec.entries]
        hold(
            vectors.ndim == 3 and list(vectors.shape[:2]) == wanted and vectors.shape[2] > 0,
            f"code_vectors gives {list(vectors.shape)}, not {[*wanted, 'D']} (levels, entries, D).",
        )
        hold(vectors.isfinite().all(), "What code_vectors gives is not finite.")

    @torch.inference_mode()
    def test_a_sound_is_coded_alone_as_among_others(self, codec: Tokenizer, model: Model) -> None:
        """Companions learn from batches, and play one take as well as many."""
        samples = BATCH * FRAMES * codec.hop
        loud = torch.from_numpy(noise(model, samples).samples)
        sounds = torch.stack([loud, loud.flip(-1) / 4])  # [B, C, T]
        codes = encode(codec, sounds)
        alone = torch.cat([encode(codec, each[None]) for each in sounds])
        same = float((codes == alone).float().mean()) if codes.shape == alone.shape else 0.0
        hold(
            same >= SAME_CODES,
            "A sound's codes change with the others of its batch. Mix nothing across the batch.",
        )
        decoded = decode(codec, codes, samples)
        one = torch.cat([decode(codec, each[None], samples) for each in codes])
        hold(
            torch.allclose(decoded, one, atol=ALIKE),
            "Codes are decoded otherwise among others. Mix nothing across the batch.",
        )

    @torch.inference_mode()
    def test_a_reconstruction_has_the_shape_of_its_sound(self, part: Loaded, model: Model) -> None:
        """What goes through a model comes back as long as it was."""
        if Reconstructs not in part.owner.type.provides:
            pytest.skip(f"{part.owner.name} promises no Reconstructs.")
        assert isinstance(part.network, Reconstructs)
        for samples in (1, 997):
            audio = torch.from_numpy(noise(model, samples).samples)[None]
            again = part.network.reconstruct(audio)
            hold(
                again.shape == audio.shape and again.dtype == torch.float32,
                f"reconstruct turns {list(audio.shape)} into {again.dtype} {list(again.shape)};"
                " it has to be float32 of the same shape.",
            )

    @staticmethod
    def check_codes(codec: Tokenizer, codes: Tensor, samples: int) -> None:
        """Hold codes against the protocol."""
        frames = -(-samples // codec.hop)
        wanted = [BATCH, codec.levels, frames]
        hold(
            codes.dtype == torch.int64 and list(codes.shape) == wanted,
            f"encode turns {samples} samples into {codes.dtype} {list(codes.shape)}, not int64"
            f" {wanted} (B, levels, ceil(samples / hop)). Pad the last frame with silence.",
        )
        low, high = int(codes.min()), int(codes.max())
        hold(
            low >= 0 and high < codec.entries,
            f"encode gives codes from {low} to {high}, beyond 0 to {codec.entries - 1}. Clamp them,"
            " or let entries be the number of values that a code can take.",
        )


def encode(codec: Tokenizer, audio: Tensor) -> Tensor:
    """Let a codec encode, and say where it cannot."""
    cure = "Take float32 [B, C, T] of any length from 1 on: pad the last frame with silence."
    with excepting(f"encode cannot take {list(audio.shape)}", cure):
        return codec.encode(audio)


def decode(codec: Tokenizer, codes: Tensor, samples: int) -> Tensor:
    """Let a codec decode, and say where it cannot."""
    cure = "Take any codes [B, levels, N] from 0 to entries - 1, and up to N * hop samples."
    with excepting(f"decode cannot take {list(codes.shape)} for {samples} samples", cure):
        return codec.decode(codes, samples)
