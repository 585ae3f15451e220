import { capYoungGeneration } from '@evenly/service/young-generation';

// Before the rest is loaded, for loading makes the new space grow.
capYoungGeneration();
const [{ runMain }, { writeBootstrap }, { xdsServer }] = await Promise.all([
  import('@evenly/service'),
  import('./bootstrap/bootstrap.ts'),
  import('./program.ts'),
]);

const [command, ...args] = process.argv.slice(2);
if (command === 'bootstrap') process.exitCode = writeBootstrap(args, process);
else await runMain(xdsServer, process);
