import { startOptions } from './start-options.ts';

/** A small command as a person types it: they look at the default port, so one elsewhere has to be named. */
export function commandAt(command: string, port: number | undefined): string {
  const isElsewhere = port !== undefined && String(port) !== startOptions.labPort.default;
  return `npm run lab -- ${command}${isElsewhere ? ` --lab-port ${port}` : ''}`;
}
