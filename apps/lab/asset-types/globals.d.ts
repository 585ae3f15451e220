// What the pages' scripts share: Plot and d3 are globals, as their browser builds have them. d3 has no types of its own.
import type * as plot from '@observablehq/plot';
import type { Report } from '../src/compare/report.ts';
import type { LiveEvent as Live } from '../src/live/feed.ts';
import type { Edge as LiveEdge, TrafficSecond as Second } from '../src/live/traffic.ts';
import type { XdsClients as Clients } from '../src/live/xds-clients.ts';
import type { Scenario as Recipe } from '../src/scenario.ts';

declare global {
  type LiveEvent = Live;
  type TrafficSecond = Second;
  type Edge = LiveEdge;
  type XdsClients = Clients;
  type Scenario = Pick<Recipe, 'name' | 'about' | 'use' | 'differs'>;
  type Service = Live['status']['services'][number];
  type Pod = Service['pods'][number] & { behaviour?: { healthy?: boolean; delay?: string } };
  type LabReport = Report;
  type FigureName = keyof Report['figureKinds'];
  type ChartOptions = plot.PlotOptions;
  type ScaleOptions = plot.ScaleOptions;

  /** Of an element; what is absent or false is left out, and true has no value. */
  type Attributes = { on?: Record<string, (event: Event) => unknown>; [name: string]: unknown };
  /** What an element may hold; what is absent is left out. */
  type Child = string | Node | false | undefined;

  const Plot: typeof plot;
  const d3: {
    color(text: string): { darker(steps: number): unknown; brighter(steps: number): unknown };
    max<T>(values: readonly T[], value: (each: T) => number): number | undefined;
    range(start: number, end: number, step: number): number[];
    rollup<T, K, V>(values: readonly T[], reduce: (group: T[]) => V, key: (each: T) => K): Map<K, V>;
    sum(values: readonly number[]): number;
    sum<T>(values: readonly T[], value: (each: T) => number): number;
  };
}
