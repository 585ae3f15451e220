import { createRequire } from 'node:module';
import path from 'node:path';

/** Pages, styles and scripts for browsers: beside src, and beside dist. */
export const assets = path.join(import.meta.dirname, '../assets');

const require = createRequire(import.meta.url);
const besideSource = (name: string, file: string) =>
  path.join(path.dirname(require.resolve(name)), '..', file);

/** The chart library, as its packages have it for browsers. */
export const chartLibrary = {
  d3: besideSource('d3', 'dist/d3.min.js'),
  plot: besideSource('@observablehq/plot', 'dist/plot.umd.min.js'),
};
