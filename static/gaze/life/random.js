/**
 * Random numbers as the timing of people's eyes has them.
 *
 * @typedef {() => number} Random uniform, from 0 to below 1
 */

/**
 * Log-normal: mostly a little below the median's neighbourhood, now and then far above it.
 *
 * @param {Random} random
 * @param {number} median
 * @param {number} [spread] standard deviation of the logarithm
 * @returns {number} within a quarter and four times the median
 */
export function logNormal(random, median, spread = 0.5) {
  return median * Math.min(4, Math.max(0.25, Math.exp(spread * normal(random))));
}

/**
 * @param {Random} random
 * @returns {number} of the standard normal distribution (Box and Muller)
 */
export function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
