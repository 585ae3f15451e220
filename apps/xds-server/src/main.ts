import { capYoungGeneration } from '@evenly/service/young-generation';

// Before the rest is loaded, for loading makes the new space grow.
capYoungGeneration();
const [{ run }, { writeBootstrap }, { check }] = await Promise.all([
  import('./run.ts'),
  import('./bootstrap/bootstrap.ts'),
  import('./check.ts'),
]);

const [command, ...args] = process.argv.slice(2);
if (command === 'bootstrap') {
  process.exitCode = writeBootstrap(args, process);
} else if (command === 'check') {
  process.exitCode = await check(args, (line) => process.stdout.write(`${line}\n`));
} else await run(process);
