"""Small files that change a model: LoRA and its kin, in the formats that hosts read."""
