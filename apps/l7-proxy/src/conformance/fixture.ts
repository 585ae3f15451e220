import { oneService, startProxy } from '../testing/harness.ts';
import { RawClient } from '../testing/raw-client.ts';
import { scriptedBackend, type BackendCall, type BackendScript } from '../testing/scripted-backend.ts';

/** A backend, the proxy before it, and a client that may say anything. */
export async function throughProxy(script: BackendScript = echo, flags: readonly string[] = [], policy = '') {
  const backend = await scriptedBackend(script);
  const proxy = await startProxy(oneService([backend.address], policy), flags);
  const client = new RawClient(proxy.port);
  return {
    backend,
    proxy,
    client,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await proxy[Symbol.asyncDispose]();
      await backend.close();
    },
  };
}

/** Answers each call with OK. */
const echo: BackendScript = { onEnd: (call) => call.reply() };

/** The values of all fields of a name, in order. */
export function valuesOf({ headers }: BackendCall, wanted: string): string[] {
  return headers.fields.filter(({ name }) => name === wanted).map(({ value }) => value);
}

export function namesOf({ headers }: BackendCall): string[] {
  return headers.fields.map(({ name }) => name);
}
