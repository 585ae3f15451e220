import { runMain, type HostProcess } from '@evenly/service';
import { xdsServer } from './program.ts';

/** Runs the server until it is told to stop, and ends the process. */
export const run = (host: HostProcess): Promise<void> => runMain(xdsServer, host);
