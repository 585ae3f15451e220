import { runMain } from '@evenly/service';
import { writeBootstrap } from './bootstrap/bootstrap.ts';
import { xdsServer } from './program.ts';

const [command, ...args] = process.argv.slice(2);
if (command === 'bootstrap') process.exitCode = writeBootstrap(args, process);
else await runMain(xdsServer, process);
