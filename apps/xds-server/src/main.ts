import { capYoungGeneration } from '@evenly/service/young-generation';

// Before the rest is loaded, for loading makes the new space grow.
capYoungGeneration();
const [{ runMain }, { checkFiles }, { writeBootstrap }, { clientWarnings }, { xdsServer }] =
  await Promise.all([
    import('@evenly/service'),
    import('@evenly/live-mesh'),
    import('./bootstrap/bootstrap.ts'),
    import('./client-warnings.ts'),
    import('./program.ts'),
  ]);

const [command, ...args] = process.argv.slice(2);
if (command === 'bootstrap') {
  process.exitCode = writeBootstrap(args, process);
} else if (command === 'check') {
  const program = { program: xdsServer.name, warningsOf: clientWarnings };
  process.exitCode = await checkFiles(program, args, (line) => process.stdout.write(`${line}\n`));
} else await runMain(xdsServer, process);
