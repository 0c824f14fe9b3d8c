"""The prior: which frame of codes follows which, and when a sound ends.

A small transformer walks over frames; inside a frame a shared perceptron walks over the levels
(the split of RQ-Transformer, Lee et al. 2022, "Autoregressive Image Generation using Residual
Quantization"), so a second of sound costs as many steps as it has frames. Attention looks back
`seq_len` frames, by the same band in training as in the ring of keys and values that sampling
fills, with rotary positions (Su et al. 2021, "RoFormer"): takes may be longer than any window.

Letters: B batch, N frames, K levels, V entries, D width of a code's vector, E hidden width,
H heads, W frames that attention sees.
"""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import Block, Cache, rotation

AGE_WAVES = 8  # cosines that describe how long a sound has lasted
OLDEST = 4  # ages beyond this many windows look alike, so endless sounds stay on known ground
SMALL = 0.02  # deviation of tables at the start, as in GPT-2


@attrs.frozen(kw_only=True)
class Tables:
    """Vectors that frames look up."""

    heard: Tensor  # [K, V, E] the codes of the frame before
    told: Tensor  # [K, V, E] the codes of shallower levels of the same frame
    drawn: Tensor  # [K, V, E] what a state must resemble for a code to be likely
    ages: Tensor  # [ages, E] frames since the sound began


class CodeTable(nn.Module):
    """A vector for each entry of each level: learned freely, and read off the codes' own vectors.

    Codes that sound alike have like vectors, so what is learnt about one holds for the other; on
    minutes of sound most codes are seen a few dozen times, which is too few to learn each alone.
    """

    def __init__(self, levels: int, entries: int, width: int, hidden: int, free: float) -> None:
        """Build tables whose free part has that deviation; `width` 0 leaves the vectors out."""
        super().__init__()
        self.free = nn.Parameter(torch.randn(levels, entries, hidden) * free)  # [K, V, E]
        self.read: nn.Sequential | None = None
        if width:
            self.read = nn.Sequential(
                nn.Linear(levels + 2 * width, hidden), nn.SiLU(), nn.Linear(hidden, hidden)
            )

    def silence(self) -> None:
        """Make the whole table zero, whatever the features."""
        nn.init.zeros_(self.free)
        if self.read is not None:
            for last in self.read[-1].parameters():
                nn.init.zeros_(last)

    def forward(self, features: Tensor | None) -> Tensor:
        """Give the table [K, V, E] from the features [K, V, K + 2D] of the codes' vectors."""
        if self.read is None or features is None:
            return self.free
        table: Tensor = self.free + self.read(features)
        return table


class CodePrior(nn.Module):
    """An autoregressive model of codes `[B, K, N]`, blind to what the codes stand for."""

    features: Tensor

    def __init__(
        self,
        codebook_size: int,
        seq_len: int,
        num_quantizers: int,
        hidden_size: int = 128,
        num_layers: int = 3,
        num_heads: int = 4,
        dropout: float = 0.2,
        code_width: int = 0,
    ) -> None:
        """Build an untrained prior.

        Args:
            codebook_size: entries of each level (V).
            seq_len: frames that attention sees (W).
            num_quantizers: levels (K).
            hidden_size: width of the network (E).
            num_layers: transformer blocks.
            num_heads: heads of each block.
            dropout: share of activations zeroed in training.
            code_width: width of the codes' own vectors (D); 0 when the tokenizer shows none.
        """
        super().__init__()
        self.entries, self.seq_len, self.levels = codebook_size, seq_len, num_quantizers
        self.hidden_size, self.num_heads = hidden_size, num_heads
        sizes = (num_quantizers, codebook_size, code_width, hidden_size)
        self.heard = CodeTable(*sizes, free=SMALL if code_width else 1.0 / math.sqrt(hidden_size))
        self.drawn = CodeTable(*sizes, free=0.0)
        self.told = CodeTable(*sizes, free=SMALL)
        self.begin = nn.Parameter(torch.randn(hidden_size) * SMALL)
        self.age = nn.Linear(AGE_WAVES, hidden_size)
        self.listen = nn.Sequential(nn.LayerNorm(hidden_size), nn.Dropout(dropout))
        self.blocks = nn.ModuleList(
            Block(hidden_size, num_heads, dropout) for _ in range(num_layers)
        )
        self.settle = nn.LayerNorm(hidden_size)
        self.ending = nn.Linear(hidden_size, 1)
        self.place = nn.Parameter(torch.randn(num_quantizers, hidden_size) * SMALL)  # [K, E]
        self.depth = nn.Sequential(
            nn.LayerNorm(hidden_size),
            nn.Linear(hidden_size, 2 * hidden_size),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * hidden_size, hidden_size),
        )
        self.speak = nn.Sequential(nn.LayerNorm(hidden_size), nn.Dropout(dropout))
        self.usual = nn.Parameter(torch.zeros(num_quantizers, codebook_size))  # [K, V]
        width = num_quantizers + 2 * code_width if code_width else 0
        self.register_buffer("features", torch.zeros(num_quantizers, codebook_size, width))
        nn.init.zeros_(self.ending.weight)
        self.drawn.silence()

    @torch.no_grad()
    def start_from(self, counts: Tensor, sounds: int) -> None:
        """Begin at the codes' own frequencies, so that training starts where counting ends.

        Args:
            counts: how often each entry was seen, [K, V].
            sounds: how many sounds those came from, for the usual rate of endings.
        """
        smoothed = counts.to(self.usual) + 1.0
        self.usual.copy_((smoothed / smoothed.sum(-1, keepdim=True)).log())
        frames = float(counts[0].sum())
        self.ending.bias.fill_(math.log((sounds + 1) / (frames + 1)))

    @torch.no_grad()
    def see(self, vectors: Tensor | None) -> None:
        """Take to heart the codes' vectors [K, V, D], if the prior was built to read any."""
        if vectors is not None and self.features.shape[-1]:
            self.features.copy_(describe(vectors))

    def tables(self) -> Tables:
        """Give what every frame looks up, made once for a batch or for a whole take."""
        features = self.features if self.features.shape[-1] else None
        oldest = OLDEST * self.seq_len
        ages = torch.arange(oldest + 1, device=self.usual.device)
        places = torch.log1p(ages.float()) / math.log1p(oldest)  # 0 to 1
        waves = torch.cos(places[:, None] * torch.arange(AGE_WAVES).to(places) * math.pi)
        return Tables(
            heard=self.heard(features),
            told=self.told(features),
            drawn=self.drawn(features),
            ages=self.age(waves),
        )

    def embed(self, previous: Tensor, ages: Tensor, tables: Tables) -> Tensor:
        """Turn the frame before [B, K, N] and the ages [B, N] into the blocks' input [B, N, E]."""
        x = _look_up(tables.heard, previous).sum(1)  # [B, N, E]
        x = torch.where((ages == 0)[..., None], self.begin, x)
        oldest = tables.ages.shape[0] - 1
        lasted = F.embedding(ages.clamp(max=oldest), tables.ages)  # [B, N, E]
        heard: Tensor = self.listen(x) + lasted
        return heard

    def follow(self, previous: Tensor, ages: Tensor, pieces: Tensor, tables: Tables) -> Tensor:
        """Give a state [B, N, E] for each frame from the frames before it.

        Args:
            previous: the frame before each frame, [B, K, N] (any code where the age is 0).
            ages: frames since the sound began, [B, N].
            pieces: which piece of sound a frame belongs to, [B, N]; attention stays inside.
            tables: what `tables` gave.
        """
        x = self.embed(previous, ages, tables)
        places = torch.arange(x.shape[1], device=x.device)
        back = places[:, None] - places[None, :]  # [N, N]
        band = (back >= 0) & (back < self.seq_len)
        mask = (band & (pieces[:, :, None] == pieces[:, None, :]))[:, None]  # [B, 1, N, N]
        turn = rotation(places, self.hidden_size // self.num_heads)
        for block in self.blocks:
            x = block(x, turn, mask)
        states: Tensor = self.settle(x)
        return states

    def judge(self, states: Tensor, codes: Tensor, tables: Tables) -> Tensor:
        """Give logits [B, K, N, V] of frames whose codes [B, K, N] are known (teacher forcing)."""
        hints = _look_up(tables.told, codes).cumsum(1)  # [B, K, N, E]
        before = F.pad(hints, (0, 0, 0, 0, 1, 0))[:, :-1]  # level k hears levels < k
        z = states[:, None] + before + self.place[:, None]  # [B, K, N, E]
        z = self.speak(z + self.depth(z))
        return torch.einsum("bkne,kve->bknv", z, tables.drawn) + self.usual[:, None]

    def forward(
        self, codes: Tensor, starts: Tensor | None = None, offsets: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Judge windows of codes.

        Args:
            codes: [B, K, N].
            starts: whether each row begins at its sound's beginning, [B] bool (None: all do).
            offsets: frames that came before each row, [B]; long enough ago to be old by default.

        Returns:
            logits [B, K, N, V] of each code, and the logit [B, N + 1] that the sound ends before
            each frame and after the last. Rows without a beginning have no logits worth reading
            at frame 0: nothing came before it.
        """
        rows, frames = codes.shape[0], codes.shape[-1]
        if offsets is None:
            offsets = torch.full((rows,), OLDEST * self.seq_len, device=codes.device)
        if starts is None:
            starts = torch.ones(rows, dtype=torch.bool, device=codes.device)
        offsets = torch.where(starts, 0, offsets)
        ages = offsets[:, None] + torch.arange(frames + 1, device=codes.device)  # [B, N + 1]
        previous = F.pad(codes, (1, 0))  # [B, K, N + 1]
        tables = self.tables()
        pieces = torch.zeros_like(ages)
        pieces[:, 0] = torch.where(starts, 0, -1)  # what was before a row without one is unheard
        states = self.follow(previous, ages, pieces, tables)  # [B, N + 1, E]
        logits = self.judge(states[:, :-1], codes, tables)
        return logits, self.ending(states)[..., 0]

    def cache(self, rows: int) -> Cache:
        """Give empty rings of keys and values for that many takes side by side."""
        size = (len(self.blocks), rows, self.num_heads, self.seq_len)
        return Cache(*size, self.hidden_size // self.num_heads, self.usual)

    def step(self, previous: Tensor, ages: Tensor, cache: Cache, tables: Tables) -> Tensor:
        """Give the state [B, E] of one new frame from the one before it [B, K].

        It is what `follow` gives at that frame, at a cost that does not grow with the past.
        """
        x = self.embed(previous[..., None], ages[:, None], tables)  # [B, 1, E]
        turn, seen = cache.advance(ages)
        for layer, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            x = block.step(x, turn, seen, cache.keys[layer], cache.values[layer], cache.slot)
        state: Tensor = self.settle(x)[:, 0]
        return state

    def level(self, state: Tensor, hint: Tensor, level: int, tables: Tables) -> Tensor:
        """Give logits [B, V] of one level from a frame's state and the hints of levels before."""
        z = state + hint + self.place[level]
        z = self.speak(z + self.depth(z))
        return torch.addmm(self.usual[level], z, tables.drawn[level].T)


def describe(vectors: Tensor) -> Tensor:
    """Describe codes by their vectors [K, V, D]: which level, each value, and its square.

    Values are brought to deviation 1 within a level; squares let a dot product measure distance.
    """
    levels, entries, _ = vectors.shape
    centred = vectors - vectors.mean(1, keepdim=True)
    scaled = centred / centred.square().mean((1, 2), keepdim=True).sqrt().clamp_min(1e-6)
    which = torch.eye(levels).to(vectors)[:, None].expand(-1, entries, -1)
    return torch.cat([which, scaled, scaled.square() - 1.0], -1)  # [K, V, K + 2D]


def _look_up(table: Tensor, codes: Tensor) -> Tensor:
    """Give the vectors [B, K, N, E] of codes [B, K, N] from a table [K, V, E]."""
    return torch.stack([F.embedding(codes[:, k], table[k]) for k in range(codes.shape[1])], 1)
