import { runMain, type HostProcess } from '@evenly/service';
import { l7Proxy } from './program.ts';

/** Runs the proxy, or one of its workers, until it is told to stop, and ends the process. */
export const run = (host: HostProcess): Promise<void> => runMain(l7Proxy, host);
