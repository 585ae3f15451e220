import cluster from 'node:cluster';
import { capYoungGeneration } from '@evenly/service/young-generation';

// Before the rest is loaded, for loading makes the new space grow.
capYoungGeneration();
const [{ runMain }, { check }, { l7Proxy }, { workerHost }] = await Promise.all([
  import('@evenly/service'),
  import('./check.ts'),
  import('./program.ts'),
  import('./workers/worker-host.ts'),
]);

const [command, ...files] = process.argv.slice(2);
if (command === 'check') {
  process.exitCode = await check(files, (line) => process.stdout.write(`${line}\n`));
} else if (cluster.isWorker) {
  await runMain(l7Proxy, workerHost(process));
} else {
  await runMain(l7Proxy, process);
}
