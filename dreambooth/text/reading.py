"""How a text encoder is made to read a prompt."""

from __future__ import annotations

from dataclasses import dataclass

CHUNK_TOKENS = 75  # that an encoder reads at once, start and end not counted
MOST_DRAWN_TOKENS = 16 * CHUNK_TOKENS  # of a prompt that a picture is drawn from; no webui user needs more


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How prompts are read; captions and prompts that are drawn may be read differently."""

    weighted: bool = False  # brackets weight words and BREAK begins a chunk, as in the webuis
    max_tokens: int = CHUNK_TOKENS  # a multiple of 75; what exceeds is cut off
    clip_skip: int = 1  # 1: the last layer of the encoder, 2: the one before; SDXL has its own rule
    strict: bool = False  # each part of a caption stands between a start and an end of its own

    @property
    def max_chunks(self) -> int:
        """Chunks of 75 tokens."""
        return self.max_tokens // CHUNK_TOKENS


LITERAL = Reading()


def drawn_reading(clip_skip: int = 1) -> Reading:
    """How a prompt is read that a picture is drawn from: as in the webuis."""
    return Reading(weighted=True, max_tokens=MOST_DRAWN_TOKENS, clip_skip=clip_skip)
