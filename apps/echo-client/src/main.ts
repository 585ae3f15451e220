import { runMain } from '@evenly/service';
import { echoClient } from './program.ts';

await runMain(echoClient(process.stdout, process.env), process);
