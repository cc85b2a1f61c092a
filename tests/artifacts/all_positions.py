"""A language model of the other convention: token ids [1, S], and the position of every one of them [S]."""

import torch

_CONTEXT, _HEADS, _WIDTH, _VOCABULARY = 32, 4, 64, 512


class AllPositions(torch.nn.Module):
    """One layer of attention over a cache that is written at the given positions. Seeded; logits [1, S, 512]."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.embedding = torch.nn.Embedding(_VOCABULARY, _WIDTH)
        self.places = torch.nn.Embedding(_CONTEXT, _WIDTH)
        self.query, self.key, self.value, self.merge = (torch.nn.Linear(_WIDTH, _WIDTH) for _ in range(4))
        self.head = torch.nn.Linear(_WIDTH, _VOCABULARY)
        self.register_buffer("keys", torch.zeros(1, _CONTEXT, _WIDTH))
        self.register_buffer("values", torch.zeros(1, _CONTEXT, _WIDTH))
        self.eval()

    def forward(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        hidden = self.embedding(ids) + self.places(positions)
        self.keys.index_copy_(1, positions, self.key(hidden))
        self.values.index_copy_(1, positions, self.value(hidden))

        def by_head(given: torch.Tensor) -> torch.Tensor:
            return given.reshape(1, -1, _HEADS, _WIDTH // _HEADS).transpose(1, 2)

        seen = torch.arange(_CONTEXT)[None, :] <= positions[:, None]
        scores = by_head(self.query(hidden)) @ by_head(self.keys).transpose(2, 3) / (_WIDTH // _HEADS) ** 0.5
        weights = torch.where(seen, scores, torch.full_like(scores, -1e9)).softmax(-1)
        mixed = (weights @ by_head(self.values)).transpose(1, 2).reshape(1, -1, _WIDTH)
        logits: torch.Tensor = self.head(hidden + self.merge(mixed))
        return logits
