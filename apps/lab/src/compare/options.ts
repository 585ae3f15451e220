import { values } from '@evenly/service';

/** Options of `lab compare`, and of `lab run`. */
export const compareOptions = {
  scenarios: {
    describe: 'which ones, comma-separated; empty = all',
    schema: values.list(),
    default: '',
  },
  rounds: { describe: 'rounds of each scenario', schema: values.count(1, 20), default: '3' },
  rate: { describe: 'calls a second of each client', schema: values.count(20, 1000), default: '60' },
  within: {
    describe: 'time for all of it, about: when it runs short, scenarios get fewer rounds, but at least one',
    schema: values.duration(60_000, 86_400_000),
    default: '355s',
  },
  parallel: {
    describe: 'scenarios at a time while events are measured; costs are measured one at a time',
    schema: values.count(1, 16),
    default: '4',
  },
  seed: {
    describe: 'of the random numbers that choose the order and the victims; absent = a new one',
    schema: values.count(0, 4_294_967_295),
  },
  refresh: {
    describe: 'how often endpoints are looked for',
    schema: values.duration(100, 600_000),
    default: '2s',
  },
  output: { describe: 'directory of the report', schema: values.text(), default: 'lab-report' },
} as const;
