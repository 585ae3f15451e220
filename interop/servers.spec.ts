import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CallingClient, type Outcome } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot, type ClientName } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';
import { freePort } from './testing/free-port.ts';
import {
  certificates,
  shownCertificate,
  startXdsServer,
  xdsServers,
  type XdsServerName,
} from './testing/xds-servers.ts';

const callers = ['grpc-go', 'grpc-java', 'grpc-js', 'grpc-python'] as const satisfies ClientName[];
/** Back-offs of clients, and the time that files are looked at again. */
const settle = { timeout: 60_000, interval: 200 };
const call = 'xds:///echo';
const ids = {
  server: 'spiffe://example.org/ns/shop/sa/echo',
  web: 'spiffe://example.org/ns/web/sa/web',
  other: 'spiffe://example.org/ns/other/sa/other',
};
const outcomeOf = (outcome: Outcome) => ('from' in outcome ? 'answered' : outcome.error.split(':')[0]!);
const denied = expect.stringMatching(/^(PermissionDenied|PERMISSION_DENIED)$/) as string;
const unavailable = expect.stringMatching(/^(Unavailable|UNAVAILABLE)$/) as string;

/** A server, clients of every language that may call, and one that may not, through the life of a config. */
describe.each(Object.keys(xdsServers) as XdsServerName[])('a server of %s, told by xDS', (kind) => {
  const able = callers.filter((name) => whyNot(name) === undefined);
  const reason = whyNot(kind) ?? whyNot('grpc-go');
  const stops: (() => Promise<unknown>)[] = [];
  let port: number;
  let controlPlane: ControlPlane;
  let certs: Awaited<ReturnType<typeof certificates>>;
  let server: Awaited<ReturnType<typeof certs.party>>;
  let web: Record<string, CallingClient>;
  let other: CallingClient;
  let plaintext: CallingClient;

  const mesh = (servers?: object, name = 'echo') =>
    JSON.stringify({
      services: { [name]: { source: { static: { endpoints: [`127.0.0.1:${port}`] } }, servers } },
    });
  const mtls = { security: 'mtls', identities: [ids.server] };
  const webOnly = {
    ...mtls,
    allow: [{ clients: ['spiffe://example.org/ns/web/*'], methods: ['/echo.EchoServer/*'] }],
  };
  const newest = async (client: CallingClient) => {
    const [name] = client.calls;
    return outcomeOf((await client.sample([name!], 1)).get(name!)!.at(-1)!);
  };
  const newestOfWeb = async () =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(web).map(async ([name, client]) => [name, await newest(client)] as const),
      ),
    );
  const allOfWeb = (outcome: string) => Object.fromEntries(able.map((name) => [name, outcome]));
  const failuresOfWeb = () => Object.values(web).flatMap((client) => client.failures(call));
  const start = (name: ClientName, env: Record<string, string>, target = call) => {
    const client = new CallingClient(clients[name].command, [target], env);
    stops.push(() => client.stop());
    return client;
  };

  beforeAll(async () => {
    if (reason === undefined) for (const name of able) await clients[name].prepare();
  }, prepareTimeoutMs);
  beforeAll(async () => {
    if (reason !== undefined) return;
    port = await freePort();
    controlPlane = await ControlPlane.start(mesh({ ...webOnly, identities: [ids.other] }));
    stops.push(() => controlPlane.close());
    certs = await certificates();
    stops.push(() => certs.remove());
    server = await certs.party('echo', controlPlane.port, await certs.files(ids.server));
    const process = startXdsServer(kind, port, server.env);
    stops.push(() => process.stop(1000));
    const party = async (id: string) =>
      (
        await certs.party(
          'web',
          controlPlane.port,
          await certs.files(id, certs.first, [certs.first, certs.second]),
        )
      ).env;
    const webEnv = await party(ids.web);
    web = Object.fromEntries(able.map((name) => [name, start(name, webEnv)]));
    other = start('grpc-go', await party(ids.other));
    plaintext = start('grpc-go', {}, `dns:///127.0.0.1:${port}`);
  }, prepareTimeoutMs);
  afterAll(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const step = it.skipIf(reason !== undefined);

  step('clients call none that shows a certificate of another identity', async () => {
    await expect
      .poll(newestOfWeb, settle)
      .toEqual(Object.fromEntries(able.map((name) => [name, unavailable])));
  });

  step(
    'mtls: whoever is allowed gets an answer, whoever is not PERMISSION_DENIED, and plaintext none',
    async () => {
      await controlPlane.write(mesh(webOnly));
      await expect.poll(newestOfWeb, settle).toEqual(allOfWeb('answered'));
      await expect.poll(() => newest(other), settle).toEqual(denied);
      expect(await newest(plaintext)).toEqual(unavailable);
      expect(await controlPlane.metric('evenly_xds_nacks_total'), controlPlane.log).toBe(0);
    },
  );

  step('another allow list holds at once, and no call of others fails meanwhile', async () => {
    const before = failuresOfWeb().length;
    const allow = [...webOnly.allow, { clients: [ids.other] }];
    await controlPlane.write(mesh({ ...webOnly, allow }));
    await expect.poll(() => newest(other), settle).toBe('answered');
    await controlPlane.write(
      mesh({ ...mtls, allow: [{ clients: ['*'], methods: ['/another.Service/*'] }, ...allow.slice(0, 1)] }),
    );
    await expect.poll(() => newest(other), settle).toEqual(denied);
    expect(await newestOfWeb()).toEqual(allOfWeb('answered'));
    expect(failuresOfWeb().slice(before)).toEqual([]);
  });

  // Between the one side's update and the other's, a client that shows no certificate any more meets a server that wants one.
  step('from mtls to tls all are answered again, and plaintext is refused as before', async () => {
    await controlPlane.write(mesh({ security: 'tls', identities: [ids.server] }));
    await expect.poll(() => newest(other), settle).toBe('answered');
    await expect.poll(newestOfWeb, settle).toEqual(allOfWeb('answered'));
    expect(plaintext.outcomes(plaintext.calls[0]!).map(outcomeOf)).not.toContain('answered');
  });

  // A client that the server asks for a certificate before it has heard that it has to show one connects again.
  step('and back to mtls', async () => {
    await controlPlane.write(mesh(webOnly));
    await expect.poll(() => newest(other), settle).toEqual(denied);
    await expect.poll(newestOfWeb, settle).toEqual(allOfWeb('answered'));
  });

  // grpc-java#13058: where keys and authorities come from two providers, only the first new certificate is ever shown.
  step(
    'every new certificate in its files is shown to new connections, and so are new authorities',
    async () => {
      const before = failuresOfWeb().length;
      const { first, second } = certs;
      const own = await certs.files(ids.web);
      for (const by of [first, first, second]) {
        const files = await certs.files(ids.server, by, [first, second]);
        await server.folder.swap(files);
        await expect
          .poll(() => shownCertificate(port, own), settle)
          .toBe(new X509Certificate(files['tls.crt']).toString());
      }
      // It trusts the second authority alone.
      const late = await certs.party('web', controlPlane.port, await certs.files(ids.web, second, [second]));
      const client = start('grpc-go', late.env);
      await expect.poll(() => newest(client), settle).toBe('answered');
      expect(failuresOfWeb().slice(before)).toEqual([]);
    },
  );

  step('nobody is allowed by an empty list', async () => {
    await controlPlane.write(mesh({ ...mtls, allow: [] }));
    await expect.poll(newestOfWeb, settle).toEqual(Object.fromEntries(able.map((name) => [name, denied])));
  });

  step('without its service it stays away; with it, and without servers, it takes plaintext', async () => {
    await controlPlane.write(mesh(undefined, 'elsewhere'));
    await expect.poll(newestOfWeb, settle).not.toContain('answered');
    expect(await newest(plaintext)).toEqual(unavailable);
    await controlPlane.write(mesh());
    await expect.poll(() => newest(plaintext), settle).toBe('answered');
    await expect.poll(newestOfWeb, settle).toEqual(allOfWeb('answered'));
  });
});
