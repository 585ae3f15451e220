import { hostname } from 'node:os';
import { runMain, type Program } from '@evenly/service';
import { serverTracing } from '@evenly/service/grpc';
import { LiveBehaviour } from './behaviour.ts';
import { addBehaviourRoutes } from './behaviour-routes.ts';
import { optionSpecs } from './config.ts';
import { callMetrics } from './metrics.ts';
import { startEchoServer } from './server.ts';

const options = optionSpecs(hostname());

const program: Program<typeof options> = {
  name: 'echo-backend',
  describe: 'The gRPC service that answers with its own name.',
  options,
  start: async (config, runtime) => {
    const { delay: delayMs, failRatio } = config;
    const behaviour = new LiveBehaviour({ healthy: true, delayMs, failRatio, hang: false });
    addBehaviourRoutes(runtime.admin, behaviour);
    const interceptors = runtime.tracer ? [serverTracing(runtime.tracer)] : [];
    const server = await startEchoServer(config, behaviour, callMetrics(runtime.metrics), interceptors);
    runtime.onDrain('grpc', (signal) => server.stop(signal));
    runtime.listening('grpc', server);
  },
};

await runMain(program, process);
