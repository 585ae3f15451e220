import { fileURLToPath } from 'node:url';
import { ManagedProcess } from '@evenly/local-cluster';
import type { Client } from '@evenly/xds';
import { bootstrapEnv } from '../testing/bootstrap.ts';
import { clients, whyNot } from '../testing/clients.ts';
import { AskedClient, type Outcome } from './asked-client.ts';
import type { ManyHeaders } from './model.ts';
import type { Call } from './routing.ts';

/** One way for a call to come to an endpoint. */
export interface Carrier {
  name: string;
  /** How it ends a call that no route takes. */
  noRoute: 'UNIMPLEMENTED' | 'UNAVAILABLE';
  /** As the docs say, or as docs/client-support.md says of it. */
  manyHeaders: ManyHeaders;
  /** Whether an application can have this as its target, as docs/client-support.md says of it. */
  canTarget: (name: string) => boolean;
  /** It chooses endpoints itself: what it is asked for is a target. */
  isProxyless: boolean;
  make: (call: Call) => Promise<Outcome>;
  /** Starts its program anew, where it has one of its own; between calls only. */
  renew: () => Promise<void>;
  /** After so many configs. */
  renewAfter: number;
}

/** gRPC libraries with xDS of their own; the oldest grpc-js is the oldest with a grpc-js-xds. */
export const proxylessNames = ['grpc-js', 'grpc-js-oldest', 'grpc-go', 'grpc-python', 'grpc-java'] as const;
export type ProxylessName = (typeof proxylessNames)[number];

/** Its column in docs/client-support.md. */
export const columnOf = {
  'grpc-js': 'grpc-js',
  'grpc-js-oldest': 'grpc-js',
  'grpc-go': 'grpc-go',
  'grpc-python': 'grpc-core',
  'grpc-java': 'grpc-java',
} as const satisfies Record<ProxylessName, Client>;

/** The program that makes calls by this library. */
const programOf = (name: ProxylessName) => `carriers-${name}` as const;

/** Those that there can be on this machine, built; says of the others why not. */
export async function prepareClients<Name extends ProxylessName>(names: readonly Name[]): Promise<Name[]> {
  const able = names.filter((name) => whyNot(programOf(name)) === undefined);
  for (const name of able) await clients[programOf(name)].prepare();
  return able;
}

/** @param env where its xDS server is; a client that calls addresses needs none */
export function startClient(name: ProxylessName, env?: Readonly<Record<string, string>>): AskedClient {
  return new AskedClient(clients[programOf(name)].command, env);
}

/** Clients keep channels, and grpc-js-xds the memory of each regular expression, until its process ends for want of it. */
const configsOfAClient = 20;
/**
 * The oldest grpc-js-xds leaves a response about clusters without ACK where that meets its last unsubscription of one; the
 * xds-server holds listeners and routes back for it then, longer than a call here has time. So it does not live to see its
 * clusters go.
 */
const configsOfTheOldest = 1;

/** A client that is told by the xds-server whom to call. */
export function proxylessClient(name: ProxylessName, xdsPort: number): Carrier & AsyncDisposable {
  const start = () => startClient(name, bootstrapEnv(`carriers-${name}`, xdsPort));
  let client = start();
  return {
    name,
    noRoute: 'UNAVAILABLE', // gRFC A28; there is no other status that all of them can be told to give
    manyHeaders: 'joined',
    canTarget: (target) => name !== 'grpc-java' || !target.endsWith('.'),
    isProxyless: true,
    make: (call) =>
      call.target === undefined
        ? client.call(`xds:///${call.authority}`, undefined, call)
        : client.call(`xds:///${call.target}`, call.authority, call),
    renew: async () => {
      await client[Symbol.asyncDispose]();
      client = start();
    },
    renewAfter: name === 'grpc-js-oldest' ? configsOfTheOldest : configsOfAClient,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** @param client one without xDS, which calls through the proxy */
export function throughProxy(
  name: string,
  client: AskedClient,
  port: number,
  manyHeaders: ManyHeaders = 'joined',
): Carrier {
  return {
    name,
    noRoute: 'UNIMPLEMENTED',
    manyHeaders,
    canTarget: () => true,
    isProxyless: false,
    make: (call) => client.call(`127.0.0.1:${port}`, call.authority, call),
    renew: async () => {},
    renewAfter: configsOfAClient,
  };
}

export interface Program extends AsyncDisposable {
  port: (what: string) => number;
  log: () => string;
}

const startTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;

/** One of our programs, built, as a process of its own. */
export async function startProgram(
  app: 'l7-proxy' | 'xds-server',
  flags: readonly string[],
  listening: readonly string[],
): Promise<Program> {
  const main = fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));
  const own = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0', '--exit-with-parent'];
  const program = new ManagedProcess({ name: app, command: [process.execPath, main, ...own, ...flags] });
  await program.listening(listening, startTimeoutMs);
  return {
    port: (what) => program.addresses.get(what)!.port,
    log: () => program.log.text,
    [Symbol.asyncDispose]: async () => void (await program.stop(stopTimeoutMs)),
  };
}
