import { isDeepStrictEqual } from 'node:util';
import { watchFile } from '@evenly/discovery';
import { ConfigError, readSvcConfig, type SvcConfigService } from '@evenly/mesh-config';
import {
  startPipeline,
  type PipelineContext,
  type ServicePipeline,
  type ServiceStatus,
} from './service-pipeline.ts';

/** The services of the config file: each has a pipeline for as long as it stands there unchanged. */
export class Services {
  readonly #context: PipelineContext;
  readonly #running = new Map<string, { service: SvcConfigService; pipeline: ServicePipeline }>();

  constructor(context: PipelineContext) {
    this.#context = context;
  }

  /** Starts what is new, stops what is gone, restarts what is described otherwise; leaves the others alone. */
  apply(services: readonly SvcConfigService[]): void {
    const wanted = new Map(services.map((service) => [service.serviceName, service]));
    for (const [name, { service, pipeline }] of this.#running) {
      if (isDeepStrictEqual(wanted.get(name), service)) continue;
      pipeline.stop();
      this.#running.delete(name);
      // One that is only described otherwise keeps its resources: its clients must not lose it in between.
      if (!wanted.has(name)) this.#context.cache.replace(name, []);
    }
    for (const [name, service] of wanted) {
      if (this.#running.has(name)) continue;
      this.#running.set(name, { service, pipeline: startPipeline(service, this.#context) });
    }
    this.#context.log.info({ services: [...wanted.keys()] }, 'services');
  }

  status(): ServiceStatus[] {
    return [...this.#running.values()].map(({ pipeline }) => pipeline.status());
  }

  /** For the end of the program: resources stay, so that no client is told that they are gone. */
  stop(): void {
    for (const { pipeline } of this.#running.values()) pipeline.stop();
    this.#running.clear();
  }
}

/**
 * Reads the services from a file now and on every change. A file that is broken later is refused, said and counted, and
 * the last good one stays.
 * @returns once the first text was taken; `stop` ends watching
 * @throws ConfigError when the first text is broken; the file's error when it cannot be read
 */
export async function followConfigFile(services: Services, { config, log, metrics }: PipelineContext) {
  let stop = () => {};
  let first = true;
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: Error) => {
      if (first) return reject(error);
      metrics.configErrors.inc();
      const faults = error instanceof ConfigError ? error.faults : undefined;
      log.error({ faults, reason: error.message }, 'config refused; the last good one stays');
    };
    stop = watchFile(config.config, {
      onText: (text) => {
        const read = readOrError(text, config.config);
        if (read instanceof Error) return refuse(read);
        services.apply(read);
        first = false;
        resolve();
      },
      onError: refuse,
    });
  }).catch((error: unknown) => {
    stop();
    throw error;
  });
  return { stop };
}

function readOrError(text: string, file: string): SvcConfigService[] | Error {
  try {
    return readSvcConfig(text, file);
  } catch (error) {
    return error as Error;
  }
}
