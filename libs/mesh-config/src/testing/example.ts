import { ConfigError, readMeshConfig, routesOf } from '../index.ts';

const text = `
services:
  be1-srv: { source: { dnsSrv: { name: _grpc._tcp.be1-srv.default.svc.cluster.local } } }
  be1-v2: { source: { static: { endpoints: [10.0.0.1:50051] } } }
routes:
  - match: { authority: be1-srv }
    to: [{ service: be1-srv, weight: 95 }, { service: be1-v2, weight: 5 }]`;

try {
  for (const { match, to } of routesOf(readMeshConfig(text, 'mesh.yaml'))) console.log(match.authority, to);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message); // mesh.yaml:7: routes[0].to[1]: leads to …
}
