const sorted = (values) => values.toSorted((a, b) => a - b);

/** The value that `share` of all are below, by nearest rank. */
export const quantile = (values, share) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(share * values.length))];

/** Over rounds: the median, and how far the rounds are apart. */
export function spread(values) {
  const order = sorted(values);
  const middle = order.length / 2;
  const median = Number.isInteger(middle)
    ? (order[middle - 1] + order[middle]) / 2
    : order[Math.floor(middle)];
  return { median, min: order[0], max: order.at(-1) };
}
