import { formatMs, formatShare } from './format.ts';
import type { PodRow, Tally } from '../tally.ts';

const heads = ['pod', 'calls', 'share', 'p50', 'p99', 'errors'] as const;

/** A row for each pod, and one for all. @param maxRows more pods than this are only counted */
export function tallyTable(tally: Tally, maxRows = Infinity): string {
  const pods = tally.pods;
  const shown = pods.length > maxRows ? pods.slice(0, Math.max(maxRows - 1, 1)) : pods;
  const cells = [[...heads], ...[...shown, tally.total].map(cellsOf)];
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) => {
    const padded = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
    );
    return padded.join('  ');
  });
  if (shown.length < pods.length) lines.splice(-1, 0, `… and ${pods.length - shown.length} more pods`);
  return lines.join('\n');
}

function cellsOf({ pod, calls, share, p50Ms, p99Ms, errors }: PodRow): string[] {
  return [pod, String(calls), formatShare(share), formatMs(p50Ms), formatMs(p99Ms), String(errors)];
}

/** Totals, errors by code, and how even it was. @param seconds how long it took, when it is over */
export function tallyFacts(tally: Tally, seconds?: number): string {
  const { calls, errors } = tally.total;
  const codes = Object.entries(tally.errorCodes).map(([code, count]) => `${count} ${code}`);
  const failed = errors === 0 ? 'none failed' : `${errors} failed (${codes.join(', ')})`;
  const skipped = tally.skipped === 0 ? [] : [`${tally.skipped} skipped`];
  const made = seconds === undefined ? `${calls} calls` : `${calls} calls in ${seconds.toFixed(1)} s`;
  const lines = [[made, failed, ...skipped].join(', ')];
  const fairness = tally.fairness;
  if (fairness !== undefined) {
    const { jain, coefficientOfVariation, uncalled } = fairness;
    const indexes = `Jain's fairness index ${jain.toFixed(4)}, coefficient of variation ${coefficientOfVariation.toFixed(4)}`;
    lines.push(uncalled === 0 ? indexes : `${indexes}; endpoints without a call: ${uncalled}`);
  }
  return lines.join('\n');
}
