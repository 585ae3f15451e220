import { createBalancer, type Balancer } from '@evenly/balancing';
import { endpointKey, fileSource, grpcHealthChecker, healthCheckedSource } from '@evenly/discovery';
import { channelReady, register, type RegisterOptions } from '@evenly/discovery/grpc-js';
import { grpcMetrics } from '@evenly/discovery/opentelemetry';
import { staticSource, type EndpointSource } from '@evenly/endpoints';
import { readCredential } from '@evenly/endpoints/http';
import { Connection, type ConnectionOptions } from '@evenly/http2';
import { findAccess, type ApiServerAccess } from '@evenly/kubernetes';
import { Client, credentials } from '@grpc/grpc-js';
import { createNoopMeter } from '@opentelemetry/api';

const options: RegisterOptions = { zone: 'a', dns: { refreshMs: 1000 } };
register(options);
// @ts-expect-error: were types not found, everything would be `any`, and no option would be wrong
register({ zoone: 'a' });

const balancer: Balancer<string> = createBalancer<string>({
  policy: { name: 'random' },
  random: Math.random,
});
const sources: EndpointSource[] = [staticSource([]), fileSource({ path: 'endpoints.yaml' })];
const access: Promise<ApiServerAccess> = findAccess({ env: process.env });
const metrics = grpcMetrics({ meterProvider: { getMeter: createNoopMeter } });
const connectionOptions: ConnectionOptions | undefined = undefined;

export const used = [
  ...[balancer, sources, access, connectionOptions, Connection, endpointKey, readCredential],
  healthCheckedSource({
    source: sources[0]!,
    checker: grpcHealthChecker({ grpcService: '', timeoutMs: 1000 }),
    intervalMs: 1000,
  }),
  channelReady(
    new Client('k8s:///be1-srv.default:grpc', credentials.createInsecure(), { ...metrics }).getChannel(),
  ),
];
