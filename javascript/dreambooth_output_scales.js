"use strict";

// What graphs are measured by: ranges, ticks, and the smoothed curve. Numbers in, numbers out.

(() => {
  const trainer = window.dreamboothTrainer;
  const SMOOTHED_PARTS = 300; // a curve's length in which the smoothing counts, however many steps it has
  const SPIKES = 0.02; // of the points behind a smoothed line that the frame may cut off, above and below

  /** Round numbers between two, about `count` of them. */
  function linearTicks(low, high, count) {
    const rough = (high - low) / Math.max(1, count);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999);
    const first = Math.ceil(low / step - 1e-9);
    const last = Math.floor(high / step + 1e-9);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
  }

  /** Ticks of whole numbers, such as steps. */
  function wholeTicks(low, high, count) {
    return linearTicks(low, high, count).filter(Number.isInteger);
  }

  /** Powers of ten with 2 and 5 between, where there is room for them. */
  function logTicks(low, high, count) {
    const decades = Math.log10(high / low);
    if (decades < 0.7) return linearTicks(low, high, count).filter((value) => value > 0);
    const factors = decades * 3 <= count ? [1, 2, 5] : [1];
    const stride = Math.max(1, Math.ceil(decades / count));
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += stride) {
      for (const factor of factors) ticks.push(Number((factor * 10 ** power).toPrecision(6)));
    }
    return ticks.filter((value) => value >= low * 0.999 && value <= high * 1.001);
  }

  /**
   * A moving average of values over steps, 0 ≤ weight < 1. How much a point forgets depends on how far along the
   * whole curve it is, so a run looks the same with 200 steps, with 200 000, and thinned.
   */
  function smooth(steps, values, weight) {
    if (!weight) return values;
    const range = Math.max(1, steps[steps.length - 1] - steps[0]);
    let average = 0;
    let known = 0; // the share of the average that is made of values, else it would begin at zero
    let before = steps[0] - range / SMOOTHED_PARTS;
    return values.map((value, index) => {
      if (value === null) return null;
      const kept = weight ** (((steps[index] - before) * SMOOTHED_PARTS) / range);
      before = steps[index];
      average = average * kept + value * (1 - kept);
      known = known * kept + (1 - kept);
      return average / known;
    });
  }

  function share(sorted, fraction) {
    return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))];
  }

  /** The lowest and highest of what is shown, with a margin; null when there is nothing. */
  function rangeOf(curves, { isLog, fromZero }) {
    const usable = (value) => value !== null && (!isLog || value > 0);
    let low = Infinity;
    let high = -Infinity;
    for (const { values, line, hasRaw } of curves) {
      const raw = values.filter(usable).sort((one, other) => one - other);
      if (!raw.length) continue;
      const cut = hasRaw ? SPIKES : 0;
      const drawn = line.values.filter(usable);
      low = Math.min(low, share(raw, cut), least(drawn));
      high = Math.max(high, share(raw, 1 - cut), most(drawn));
    }
    if (low > high) return null;
    return withMargin(low, high, { isLog, fromZero });
  }

  function withMargin(low, high, { isLog, fromZero }) {
    if (isLog) {
      const margin = Math.max((high / low) ** 0.05, 1.02);
      return { low: low / margin, high: high * margin };
    }
    if (fromZero && low >= 0) return { low: 0, high: high ? high * 1.08 : 1 };
    const margin = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
    const bottom = low >= 0 ? Math.max(0, low - margin) : low - margin;
    return { low: bottom, high: high + margin };
  }

  function least(values) {
    return values.reduce((one, other) => Math.min(one, other), Infinity);
  }

  function most(values) {
    return values.reduce((one, other) => Math.max(one, other), -Infinity);
  }

  /** The index of the element of a sorted list that is nearest to a number. */
  function nearest(sorted, number) {
    let low = 0;
    let high = sorted.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (sorted[middle] <= number) low = middle;
      else high = middle;
    }
    return Math.abs(sorted[low] - number) <= Math.abs(sorted[high] - number) ? low : high;
  }

  trainer.scales = { linearTicks, wholeTicks, logTicks, smooth, rangeOf, nearest };
})();
