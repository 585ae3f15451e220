import { isDeepStrictEqual } from 'node:util';
import type { MeshConfig, Service } from '@evenly/mesh-config';
import { RoutingResources, unsupported, type RoutingOptions, type Unsupported } from '@evenly/xds';
import { inTrace } from '../tracing/change-traces.ts';
import {
  endpointsOwner,
  startPipeline,
  type ClusterPipeline,
  type ClusterStatus,
  type PipelineContext,
} from './cluster-pipeline.ts';

/** A service, or one of its subsets: what has endpoints of its own. */
interface ClusterOf {
  service: Service;
  subset: string | undefined;
}

export interface MeshStatus {
  services: ClusterStatus[];
  /** What some clients do in another way than the config asks for. */
  unsupported: Unsupported[];
  /** Why the newest config files were refused; absent when they are in use. */
  refusedConfig?: string;
}

/** That a line of the log names: with a cluster's Services there are hundreds, and changes come by the minute. */
const maxNamed = 20;

/** The config at work: its routing in the cache, and a pipeline for each cluster for as long as it stands there unchanged. */
export class ServedMesh {
  readonly #context: PipelineContext;
  readonly #routing: RoutingResources;
  readonly #running = new Map<string, ClusterOf & { pipeline: ClusterPipeline }>();
  #refusedConfig: string | undefined;
  #isFirst = true;
  #wasWhole = false;
  #config: MeshConfig = { services: new Map(), routes: [], listeners: [] };

  constructor(context: PipelineContext, options: RoutingOptions) {
    this.#context = context;
    this.#routing = new RoutingResources(options);
  }

  /**
   * Starts what is new, stops what is gone, restarts what is described otherwise; leaves the others alone.
   * @param isWhole all who say a part of the config have spoken
   */
  apply(config: MeshConfig, isWhole: boolean): void {
    const attributes = { services: config.services.size, listeners: config.listeners.length };
    inTrace(this.#context.traces, 'config change', attributes, () => this.#apply(config, isWhole));
  }

  #apply(config: MeshConfig, isWhole: boolean): void {
    const { gates } = this.#context;
    if (this.#isFirst) gates.waitFor(config);
    else gates.retain(config);
    const wanted = new Map(
      clustersOf(config).map((each) => [endpointsOwner(each.service.name, each.subset), each]),
    );
    const gone: string[] = [];
    for (const [owner, running] of this.#running) {
      const next = wanted.get(owner);
      if (isDeepStrictEqual(next?.service, running.service)) continue;
      running.pipeline.stop();
      this.#running.delete(owner);
      if (next === undefined) gone.push(owner);
    }
    // New routes before old endpoints go: streams hold a cluster's removal until clients have acknowledged them.
    this.#context.cache.replace('routing', this.#routing.of(config));
    for (const owner of gone) this.#context.cache.replace(owner, []);
    for (const [owner, { service, subset }] of wanted) {
      if (this.#running.has(owner)) continue;
      const pipeline = startPipeline(service, subset, this.#context, !this.#wasWhole);
      this.#running.set(owner, { service, subset, pipeline });
    }
    this.#isFirst = false;
    this.#wasWhole ||= isWhole;
    this.#config = config;
    this.#refusedConfig = undefined;
    this.#context.log.info(
      {
        services: [...config.services.keys()].slice(0, maxNamed),
        listeners: config.listeners.map(({ name }) => name).slice(0, maxNamed),
        counts: { services: config.services.size, listeners: config.listeners.length },
      },
      'config applied',
    );
  }

  /** Notes that newer config files were refused, for the status. */
  refused(reason: string): void {
    this.#refusedConfig = reason;
  }

  status(): MeshStatus {
    return {
      services: [...this.#running.values()].map(({ pipeline }) => pipeline.status()),
      unsupported: unsupported(this.#config),
      ...(this.#refusedConfig === undefined ? {} : { refusedConfig: this.#refusedConfig }),
    };
  }

  /** The services that are served from a snapshot, and of when it is. */
  get snapshots(): ReadonlyMap<string, number> {
    const pipelines = [...this.#running.values()].map(({ pipeline }) => pipeline);
    return new Map(
      pipelines.flatMap(({ name, snapshotMs }) => (snapshotMs === undefined ? [] : [[name, snapshotMs]])),
    );
  }

  /** For the end of the program: resources stay, so that no client is told that they are gone. */
  stop(): void {
    for (const { pipeline } of this.#running.values()) pipeline.stop();
    this.#running.clear();
  }
}

function clustersOf(config: MeshConfig): ClusterOf[] {
  return [...config.services.values()].flatMap((service) =>
    [undefined, ...service.subsets.keys()].map((subset) => ({ service, subset })),
  );
}
