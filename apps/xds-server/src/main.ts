import { runMain } from '@evenly/service';
import { xdsServer } from './program.ts';

await runMain(xdsServer, process);
