"""The shared training core: objective, optimizers, schedules, state, loop, samples, class images."""
