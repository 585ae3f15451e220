import { capYoungGeneration } from '@evenly/service/young-generation';

// Before the rest is loaded, for loading makes the new space grow.
capYoungGeneration();
const [{ runMain }, { writeBootstrap }, { check }, { xdsServer }] = await Promise.all([
  import('@evenly/service'),
  import('./bootstrap/bootstrap.ts'),
  import('./check.ts'),
  import('./program.ts'),
]);

const [command, ...args] = process.argv.slice(2);
if (command === 'bootstrap') {
  process.exitCode = writeBootstrap(args, process);
} else if (command === 'check') {
  process.exitCode = await check(args, (line) => process.stdout.write(`${line}\n`));
} else await runMain(xdsServer, process);
