export { accessibilityFaults, chromiumPath, launchChromium, noChromium, openPage } from './chromium.ts';
export { collector, type Collector, type Span } from './collector.ts';
export { RunningProgram, type LogLine } from './running-program.ts';
