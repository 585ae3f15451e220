import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { interopCases } from './interop-cases.ts';
import { clients, inInterop, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { InteropThroughProxy } from './testing/interop-through-proxy.ts';

const reason = whyNot('grpc-go-interop');

/** grpc-go's interop server behind l7-proxy, both hops in plaintext or both by TLS, and clients of three languages. */
describe.skipIf(reason !== undefined).each(['h2c', 'TLS'] as const)(
  reason ?? 'through l7-proxy, %s',
  (security) => {
    let route: InteropThroughProxy;
    beforeAll(clients['grpc-go-interop'].prepare, prepareTimeoutMs);
    beforeAll(async () => {
      route = await InteropThroughProxy.start(security === 'TLS');
    });
    afterAll(() => route?.stop());

    it.each(Object.entries(interopCases))('grpc-go: %s', async (name, flags) => {
      const own = route.tls
        ? ['-use_tls', '-use_test_ca', `-ca_file=${route.tls.ca}`, `-server_host_override=${route.tls.name}`]
        : [];
      const where = ['-server_host=127.0.0.1', `-server_port=${route.port}`];
      // It ends with another code if the case failed.
      const run = inInterop(
        clients['grpc-go-interop'].command[0],
        `-test_case=${name}`,
        ...where,
        ...own,
        ...flags,
      );
      await expect(run).resolves.toBeDefined();
    });

    const streams = async (command: readonly [string, ...string[]]) => {
      const [file, ...args] = command;
      const own = route.tls ? [route.tls.ca, route.tls.name] : [];
      return (await inInterop(file, ...args, `127.0.0.1:${route.port}`, ...own)).trim().split('\n');
    };
    const kinds = ['unary: ok', 'server stream: ok', 'client stream: ok', 'bidi stream: ok'];

    it('grpc-js: unary and the three kinds of streams', async () => {
      expect(await streams([process.execPath, 'grpc-js/streams.js'])).toEqual(kinds);
    });

    const noPython = whyNot('grpc-python');
    it.skipIf(noPython !== undefined)(
      noPython ?? 'grpc-python: unary and the three kinds of streams',
      async () => {
        await clients['grpc-python'].prepare();
        expect(await streams([clients['grpc-python'].command[0], 'grpc-python/streams.py'])).toEqual(kinds);
      },
      prepareTimeoutMs,
    );
  },
);
