import { checkFiles } from '@evenly/live-mesh';
import { configWarnings } from './routing/config-warnings.ts';

/** `l7-proxy check FILE…`. @returns the exit code */
export const check = (files: readonly string[], say: (line: string) => void): Promise<number> =>
  checkFiles({ program: 'l7-proxy', warningsOf: configWarnings }, files, say);
