import { register as registerDiscovery } from '@evenly/discovery/grpc-js';
import { listenHttp, type Program, type Runtime } from '@evenly/service';
import { clientTracing, provideXdsBootstrap, registerRoundRobinWithReason } from '@evenly/service/grpc';
import { Caller } from './caller.ts';
import { optionSpecs, type EchoClientConfig } from './config.ts';
import { createApp } from './http.ts';
import { clientMetrics } from './metrics.ts';
import { KnownEndpoints } from './known-endpoints.ts';
import { createOutput } from './output/create-output.ts';
import type { Sink } from './output/output.ts';
import { chosenServiceConfig, policyOtherwise } from './service-config.ts';
import { Tally } from './tally.ts';
import { CallWork } from './work.ts';

/**
 * @param sink standard output
 * @param env where grpc-js-xds looks for its bootstrap
 */
export function echoClient(sink: Sink, env: Record<string, string | undefined>): Program<typeof optionSpecs> {
  return {
    name: 'echo-client',
    describe: 'Calls for ever, shows who answered, never dies of an RPC error.',
    options: optionSpecs,
    output: 'data',
    start: async (config, runtime) => {
      provideXdsBootstrap(config, env, (reason) => runtime.log.warn({ reason }, 'check the config'));
      await registerSchemes(config, runtime.log);
      const endpoints = new KnownEndpoints();
      const caller = new Caller({
        ...config,
        serviceConfig: endpoints.around(chosenServiceConfig(config), policyOtherwise(config.target)),
        deadlineMs: config.deadline,
        interceptors: runtime.tracer ? [clientTracing(runtime.tracer)] : [],
      });

      const gate = runtime.readiness.gate(`channel ${config.target}`, () => caller.state);
      // Else it is closed: this is the end of the program.
      void caller.ready().then(gate.pass, () => undefined);

      const app = createApp(caller, runtime.admin.handle, config.deadline);
      const listener = await listenHttp(app, { host: config.host, port: config.port, option: '--port' });
      runtime.onDrain('channel', () => caller.close());
      runtime.onDrain('http', (signal) => listener.close(signal));
      runtime.listening('http', listener);

      const metrics = clientMetrics(runtime.metrics, () => caller.inFlight);
      const all = new Tally(() => endpoints.addresses);
      const output = createOutput(config, all, sink);
      // What the log would say goes between the lines of the table.
      if (output.isLive) runtime.log.level = 'silent';
      sink.on('error', () => runtime.stop('nobody reads the output'));

      const work = new CallWork(
        config,
        {
          call: (dueMs) => caller.call(dueMs),
          inFlight: () => caller.inFlight,
          ended: (result) => {
            all.add(result);
            metrics.call(result);
            output.call(result);
          },
          skipped: () => {
            all.skip();
            metrics.skip();
            output.skip();
          },
        },
        config.calls,
      );
      void work.done.then(() => runtime.stop('all calls are made'));
      const timer = config.runFor && setTimeout(() => runtime.stop('the time is over'), config.runFor);
      runtime.onDrain('calls', async (signal) => {
        clearTimeout(timer);
        work.stop();
        if (signal.aborted) caller.cancel();
        else signal.addEventListener('abort', () => caller.cancel(), { once: true });
        await work.done;
        output.summary(all, work.seconds);
      });
    },
  };
}

/** Makes grpc-js know all targets and policies. */
async function registerSchemes(
  { target, dnsRefresh, zone }: EchoClientConfig,
  log: Runtime['log'],
): Promise<void> {
  // Loaded by whom it serves: with its many protobuf definitions it is most of what a start takes.
  if (target.startsWith('xds:')) (await import('@grpc/grpc-js-xds')).register();
  registerRoundRobinWithReason();
  registerDiscovery({
    dns: { refreshMs: dnsRefresh, minRefreshMs: Math.min(dnsRefresh, 1000) },
    ...(zone !== undefined && { zone }),
    onWarning: (reason) => log.warn({ reason }, 'check the config'),
  });
}
