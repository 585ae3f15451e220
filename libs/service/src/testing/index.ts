export { collector, type Collector, type Span } from './collector.ts';
export { RunningProgram, type LogLine } from './running-program.ts';
