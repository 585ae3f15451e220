// What 500 routes cost that are applied one after the other, and one more change then.
//   npx nx build gateway-api && node libs/gateway-api/bench/routes.mjs
// Objects are parsed from JSON as a watch gets them; five routes come together, as after a wait of some 50 ms.
import { readGateway, readGatewayClass, readGrpcRoute, readService, Translator } from '@evenly/gateway-api';

const routes = 500;
const services = 100;
const together = 5;
const changes = 200;

const controllerName = 'evenly.bench/gateway';
/** @type {import('@evenly/gateway-api').ProxyOptions} */
const proxy = { image: 'l7-proxy', args: () => [], replicas: 1, resources: {}, serviceType: 'ClusterIP' };
const translator = new Translator({ controllerName, proxy, mesh: true });
const none = new Map();
const state = {
  ...{
    gatewayClasses: new Map(),
    gateways: new Map(),
    listenerSets: none,
    grpcRoutes: new Map(),
    httpRoutes: none,
  },
  ...{ referenceGrants: none, services: new Map(), secrets: none, namespaces: none },
  ...{ backendTlsPolicies: none, configMaps: none },
};
const facts = { gateways: none };

function put(plural, read, name, spec) {
  const json = JSON.stringify({ metadata: { name, namespace: 'bench', generation: 1, uid: name }, spec });
  const object = read(JSON.parse(json));
  state[plural] = new Map(state[plural]).set(`bench/${name}`, object);
}

const route = (index, method) =>
  put('grpcRoutes', readGrpcRoute, `r${index}`, {
    parentRefs: [{ name: 'gateway' }],
    hostnames: [`h${index}.example.com`],
    rules: [
      {
        matches: [{ method: { service: 'echo.Echo', method } }],
        backendRefs: [{ name: `s${index % services}`, port: 8080 }],
      },
    ],
  });

put('gatewayClasses', readGatewayClass, 'evenly', { controllerName });
put('gateways', readGateway, 'gateway', {
  gatewayClassName: 'evenly',
  listeners: [{ name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } }],
});
for (let index = 0; index < services; index++)
  put('services', readService, `s${index}`, { ports: [{ name: 'grpc', port: 8080 }] });

function cpuMs(task) {
  const before = process.cpuUsage();
  task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const applied = cpuMs(() => {
  for (let index = 0; index < routes; index++) {
    route(index, 'Echo');
    if (index % together === together - 1) translator.translate(state, facts);
  }
});
const changed = cpuMs(() => {
  for (let index = 0; index < changes; index++) {
    route(7, `Echo${index}`);
    translator.translate(state, facts);
  }
});
console.log(`${routes} routes applied: ${applied.toFixed(0)} ms of CPU in ${routes / together} translations`);
console.log(`one more change: ${(changed / changes).toFixed(2)} ms of CPU`);
