import { runMain } from '@evenly/service';
import { checkFiles } from './check.ts';
import { l7Proxy } from './program.ts';

const [command, ...files] = process.argv.slice(2);
if (command === 'check') {
  process.exitCode = await checkFiles(files, (line) => process.stdout.write(`${line}\n`));
} else {
  await runMain(l7Proxy, process);
}
