import { runCli } from './cli.ts';

process.exit(await runCli(process));
