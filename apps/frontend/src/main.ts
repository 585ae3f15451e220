import { listenHttp, runMain, type Program } from '@evenly/service';
import { clientTracing, provideXdsBootstrap, registerRoundRobinWithReason } from '@evenly/service/grpc';
import { createApp } from './app.ts';
import { ChannelPool } from './channel-pool.ts';
import { optionSpecs } from './config.ts';
import { frontendMetrics } from './metrics.ts';
import { openServiceGates } from './service-gates.ts';

const program: Program<typeof optionSpecs> = {
  name: 'frontend',
  describe: 'GET /be1-srv makes 15 gRPC calls and lists who answered.',
  options: optionSpecs,
  start: async (config, runtime) => {
    provideXdsBootstrap(config, process.env, (reason) => runtime.log.warn({ reason }, 'check the config'));
    // Loaded by whom it serves: with its many protobuf definitions it is most of what a start takes.
    if (config.target.startsWith('xds:')) (await import('@grpc/grpc-js-xds')).register();
    registerRoundRobinWithReason();

    const { tracer } = runtime;
    const pool = new ChannelPool(config, tracer ? [clientTracing(tracer)] : []);
    // Registered before the server, so closed after it: requests in flight keep their channels.
    runtime.onDrain('channels', () => pool.close());
    runtime.onDrain('gates', openServiceGates(config, pool, runtime));
    const metrics = frontendMetrics(runtime.metrics, () => pool.size);
    const app = createApp(config, pool, metrics, runtime.admin.handle, runtime.log, tracer);
    const listener = await listenHttp(app, { host: config.host, port: config.port, option: '--port' });
    runtime.onDrain('http', (signal) => listener.close(signal));
    runtime.listening('http', listener);
  },
};

await runMain(program, process);
