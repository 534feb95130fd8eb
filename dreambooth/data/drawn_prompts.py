"""What pictures are drawn from that show what captions tell."""

from __future__ import annotations

from dreambooth.config.captions import CaptionsConfig
from dreambooth.config.concept import FILEWORDS
from dreambooth.text.weights import escape, is_marked


def drawn_prompt(prompt: str, template: str, captions: CaptionsConfig) -> str:
    r"""The prompt in the words of the webuis, which read weights; ``template`` is what it was made from.

    Where captions are taken literally, so are the brackets that came from one: ``saber (fate)`` is drawn as
    ``saber \(fate\)``. A template that has weights itself is left as it is, with all that was filled in.
    """
    is_literal = not captions.prompt_weights and not is_marked(template.replace(FILEWORDS, " "))
    return escape(prompt) if is_literal else prompt
