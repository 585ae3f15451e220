import cluster from 'node:cluster';
import { capYoungGeneration } from '@evenly/service/young-generation';

// Before the rest is loaded, for loading makes the new space grow.
capYoungGeneration();
const [{ run }, { check }, { workerHost }] = await Promise.all([
  import('./run.ts'),
  import('./check.ts'),
  import('./workers/worker-host.ts'),
]);

const [command, ...files] = process.argv.slice(2);
if (command === 'check') {
  process.exitCode = await check(files, (line) => process.stdout.write(`${line}\n`));
} else if (cluster.isWorker) {
  await run(workerHost(process));
} else {
  await run(process);
}
