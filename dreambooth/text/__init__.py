"""How prompts are read: weights of words, chunks of 75 tokens, the tokens themselves; nothing but Python."""
