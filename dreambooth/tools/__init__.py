"""What can be done with finished files: checkpoints merged, LoRA merged, baked in, extracted, resized."""
