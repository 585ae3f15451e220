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
  start: async (config, service) => {
    const { delay: delayMs, failRatio } = config;
    const behaviour = new LiveBehaviour({ healthy: true, delayMs, failRatio, hang: false });
    addBehaviourRoutes(service.admin, behaviour);
    const interceptors = service.tracer ? [serverTracing(service.tracer)] : [];
    const server = await startEchoServer(config, behaviour, callMetrics(service.metrics), interceptors);
    service.onDrain('grpc', (signal) => server.stop(signal));
    service.listening('grpc', server);
  },
};

await runMain(program, process);
