"""The samplers by the names that people see."""

NAMES = ("DPM++ 2M", "Euler a", "Euler", "DDIM", "UniPC")
all_samplers_map: dict[str, object] = {name: object() for name in NAMES}
