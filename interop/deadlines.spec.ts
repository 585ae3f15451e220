import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clients, inInterop, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { startSlowServer, type SlowServer } from './testing/slow-server.ts';

/** Each kind of call is made so often. DEADLINE_RUNS=20 for the long form. */
const runs = Number(process.env['DEADLINE_RUNS'] ?? 1);
const callsInRun = 300;
const timeoutMs = 200;

/** Programs that serve calls which are never done in time, and that make them. */
const programs = {
  'grpc-go': clients['grpc-go-deadlines'].command,
  'grpc-js': [process.execPath, 'grpc-js/deadlines.js'],
  'grpc-python': [clients['grpc-python'].command[0], 'grpc-python/deadlines.py'],
  'grpc-java': [...clients['grpc-java'].command.slice(0, -1), 'evenly.Deadlines'],
} as const;
type Language = keyof typeof programs;
const needs = {
  'grpc-go': 'grpc-go-deadlines',
  'grpc-js': 'grpc-js',
  'grpc-python': 'grpc-python',
  'grpc-java': 'grpc-java',
} as const;
const languages = (Object.keys(programs) as Language[]).filter((one) => whyNot(needs[one]) === undefined);

const methods = ['Heedless', 'Heedful', 'Cancelled', 'Streaming'];
/** What would be tried again, were it not the deadline. */
const retry = 'retry: { attempts: 3, on: [CANCELLED, UNAVAILABLE] }';
const policies = [
  { whose: "the service's deadline", policy: `{ timeout: ${timeoutMs}ms, ${retry} }`, callersMs: 0 },
  { whose: "the caller's deadline", policy: `{ ${retry} }`, callersMs: timeoutMs },
];

/** Servers find a deadline over in ways of their own; callers shall see DEADLINE_EXCEEDED, and nothing else. */
describe.each(languages)('a %s server behind l7-proxy', (language) => {
  describe.each(policies)('$whose', ({ policy, callersMs }) => {
    let server: SlowServer;
    let expected = 0;
    beforeAll(async () => {
      for (const one of languages) await clients[needs[one]].prepare();
    }, prepareTimeoutMs);
    beforeAll(async () => {
      server = await startSlowServer([...programs[language], 'serve'], policy);
    });
    afterAll(() => server?.stop());

    // Clients without a deadline are alike.
    const callers = callersMs === 0 ? languages.slice(0, 1) : languages;
    const cases = callers.flatMap((caller) => methods.map((method) => [caller, method] as const));
    it.each(cases)(
      'as %s sees it: %s',
      async (caller, method) => {
        const [file, ...args] = programs[caller];
        const rest = [server.target, `/deadlines.Slow/${method}`, String(callsInRun), String(callersMs)];
        for (let run = 0; run < runs; run++) {
          const seen = JSON.parse(await inInterop(file, ...args, 'call', ...rest)) as Record<string, number>;
          expect(seen).toEqual({
            [caller === 'grpc-go' ? 'DeadlineExceeded' : 'DEADLINE_EXCEEDED']: callsInRun,
          });
        }
        expected += runs * callsInRun;
        // Of clients that give up all that comes is a reset. A client that keeps a request to itself for long (a Java program in
        // its first second) resets it as long before the time that it asked for: then it counts as cancelled (the rule itself:
        // l7-proxy's call/deadlines.spec.ts).
        if (callersMs > 0) return;
        await expect.poll(async () => (await server.counted())['DEADLINE_EXCEEDED']).toBe(expected);
      },
      runs * 20_000 + 20_000,
    );
  });
});
