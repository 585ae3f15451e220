import { runCli } from './src/cli.ts';

process.exit(await runCli(process));
