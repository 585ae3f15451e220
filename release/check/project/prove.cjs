// What a user of the libraries does, with two pods that are servers of grpc-js in the same process.
const assert = require('node:assert/strict');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const grpc = require('@grpc/grpc-js');

const asIs = (bytes) => bytes;
const method = (path) => ({
  ...{ path, requestStream: false, responseStream: false },
  ...{ requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs },
});
const echo = method('/echo/Who');

/** Answers with its name, and that it is SERVING, which is the value 1 in field 1 of HealthCheckResponse. */
async function pod(name) {
  const server = new grpc.Server();
  server.addService({ echo }, { echo: (call, answer) => answer(null, Buffer.from(name)) });
  const check = method('/grpc.health.v1.Health/Check');
  const watch = { ...method('/grpc.health.v1.Health/Watch'), responseStream: true };
  const serving = Buffer.from([8, 1]);
  server.addService(
    { check, watch },
    { check: (call, answer) => answer(null, serving), watch: (call) => call.write(serving) },
  );
  const port = await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { server, port };
}

const firstUpdate = (source) =>
  new Promise((resolve, reject) => {
    const stop = source.watch({
      onEndpoints: ({ endpoints }) => {
        resolve(endpoints);
        queueMicrotask(() => stop());
      },
      onError: reject,
      onRecovered: () => {},
    });
  });

exports.prove = async function prove({ balancing, discovery, clients, endpoints, http, http2, kubernetes }) {
  const pods = await Promise.all(['one', 'two'].map(pod));
  const file = join(__dirname, `endpoints-${process.pid}.json`);
  writeFileSync(file, JSON.stringify({ endpoints: pods.map(({ port }) => `127.0.0.1:${port}`) }));

  const client = new grpc.Client(`file://${file}`, grpc.credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify({
      loadBalancingConfig: [{ evenly_peak_ewma: {} }],
      healthCheckConfig: { serviceName: 'echo' },
    }),
  });
  await clients.channelReady(client.getChannel());
  const call = () =>
    new Promise((resolve, reject) =>
      client.makeUnaryRequest(echo.path, asIs, asIs, Buffer.alloc(0), (error, answer) =>
        error ? reject(error) : resolve(String(answer)),
      ),
    );
  const reached = new Set();
  while (reached.size < 2) reached.add(await call());
  client.close();

  const source = discovery.healthCheckedSource({
    source: discovery.fileSource({ path: file }),
    checker: discovery.grpcHealthChecker({ grpcService: 'echo', timeoutMs: 10_000 }),
    intervalMs: 10_000,
  });
  assert.equal((await firstUpdate(source)).length, 2);
  pods.forEach(({ server }) => server.forceShutdown());

  // One copy for all: what one package throws is an error of the other.
  assert.equal(discovery.DiscoveryError, endpoints.DiscoveryError);
  assert.equal(typeof balancing.createBalancer, 'function');
  assert.equal(typeof http.readCredential, 'function');
  assert.equal(typeof http2.Connection, 'function');

  const kubeconfig = join(__dirname, 'kubeconfig');
  const access = await kubernetes.findAccess({ kubeconfig, env: {} }).catch((error) => error.message);
  const { version } = require('@grpc/grpc-js/package.json');
  console.log(JSON.stringify({ grpcJs: version, kubeconfig: access.server ?? access }));
};
