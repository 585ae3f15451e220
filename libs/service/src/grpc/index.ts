export { clientTracing } from './client-tracing.ts';
export { httpProxyOptions } from './http-proxy.ts';
export { registerRoundRobinWithReason, roundRobinServiceConfig } from './round-robin-with-reason.ts';
export { serverTracing } from './server-tracing.ts';
export { provideXdsBootstrap, xdsBootstrapOptions } from './xds-bootstrap.ts';
