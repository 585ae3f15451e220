import ora from 'ora';
import pc from 'picocolors';
import type { Guide } from './guide.ts';

/** Tells a person, or another program, how the start goes. */
export interface Progress {
  /** Shows that a step goes on, and how it ended; passes its result or error on. */
  step<T>(title: string, run: () => Promise<T>): Promise<T>;
  /** All runs. */
  ready(guide: Guide, api: { address: string; port: number }): void;
  /** Something that happened later. */
  say(text: string): void;
}

type Output = NodeJS.WriteStream & { fd: 1 };

/** For people: a spinner in a terminal, plain lines elsewhere. */
export function textProgress(stdout: Output): Progress {
  const say = (text: string) => void stdout.write(`${text}\n`);
  return {
    say,
    async step(title, run) {
      // ora moves up lines by the width; in a pseudo-terminal without size (docker run -t, expect) it would do so for ever.
      if (!stdout.isTTY || !stdout.columns) {
        const result = await run();
        say(`${title}: ok`);
        return result;
      }
      // discardStdin would put the terminal in raw mode, where Ctrl-C is no signal any more.
      const spinner = ora({ text: title, stream: stdout, discardStdin: false }).start();
      try {
        const result = await run();
        spinner.succeed();
        return result;
      } catch (error) {
        spinner.fail();
        throw error;
      }
    },
    ready(guide, api) {
      const running = [
        ...guide.running,
        { what: 'live page, API', where: `http://${api.address}:${api.port}/` },
      ];
      const width = (texts: string[]) => Math.max(...texts.map((text) => text.length)) + 2;
      const whats = width(running.map(({ what }) => what));
      const commands = width(guide.tries.map(({ command }) => command));
      say(`\n${pc.bold('Running')}`);
      for (const { what, where } of running) say(`  ${what.padEnd(whats)}${pc.cyan(where)}`);
      say(`\n${pc.bold('Try')}`);
      for (const { command, why } of guide.tries) say(`  ${command.padEnd(commands)}${pc.dim(`# ${why}`)}`);
      say(`\nCtrl-C ends it all.`);
    },
  };
}

/** For programs: JSON lines, as all our programs write them. `listening` of the lab comes when all is ready. */
export function jsonProgress(stdout: Pick<Output, 'write'>): Progress {
  const write = (fields: object) => {
    const common = { level: 'info', time: new Date().toISOString(), app: 'lab' };
    stdout.write(`${JSON.stringify({ ...common, ...fields })}\n`);
  };
  return {
    say: (text) => write({ event: 'message', msg: text }),
    async step(title, run) {
      write({ event: 'starting', what: title, msg: title });
      return run();
    },
    ready: (guide, api) => write({ event: 'listening', what: 'lab', ...api, ...guide, msg: 'lab is ready' }),
  };
}
