"""How much an example counts at its timestep: (B,) from ``kept`` (B, 1, 1, 1). Finite without signal."""

from __future__ import annotations

from torch import Tensor

from dreambooth.models.family import Prediction

GREATEST_SNR = 1000.0
LEAST_SNR = 1e-3  # Stable Diffusion's is 0.0047, unless it keeps nothing at all


def min_snr_weights(kept: Tensor, gamma: float, predicts: Prediction) -> Tensor:
    """Min-SNR-gamma (arXiv:2303.09556, section 3.4)."""
    kept = kept.flatten()
    snr = kept / (1 - kept)
    if predicts == "v_prediction":
        return snr.clamp(max=gamma) / (snr + 1)
    # min(snr, gamma) / snr, written so that no signal at all (snr = 0) gives 1 and not 0 / 0
    return (gamma * (1 - kept) / kept).clamp(max=1)


def debiased_weights(kept: Tensor, predicts: Prediction) -> Tensor:
    """Debiased estimation (arXiv:2310.08442, section 3.2): 1 / sqrt(snr), or 1 / (snr + 1) for velocity."""
    kept = kept.flatten()
    snr = (kept / (1 - kept)).clamp(LEAST_SNR, GREATEST_SNR)
    return 1 / (snr + 1) if predicts == "v_prediction" else snr.rsqrt()


def like_noise_weights(kept: Tensor) -> Tensor:
    """Turn the weights that velocity has by itself into those of noise: snr / (snr + 1), which is ``kept``.

    The error of a velocity is (snr + 1) / snr times that of the noise it amounts to (arXiv:2202.00512,
    appendix D).
    """
    return kept.flatten()
