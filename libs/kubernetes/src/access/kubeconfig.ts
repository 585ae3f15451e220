import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { dirname } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { DiscoveryError } from '@evenly/endpoints';
import type { ApiServerAccess } from './api-server-access.ts';

/**
 * Access by kubeconfig files, merged as kubectl does it: certificates, tokens, exec plugins, OIDC, proxies. The files are
 * looked at for each request, so one that is renewed or mended counts from the next on; an exec plugin is run again when its
 * token expires.
 * @throws DiscoveryError BAD_CONFIG
 */
export async function kubeconfigAccess(files: readonly string[], context?: string): Promise<ApiServerAccess> {
  const access = new KubeconfigAccess(files, context);
  await access.read();
  return access;
}

/** The same, where files that are not there yet, or no good, are an error of each request until they are. */
export const laterKubeconfigAccess = (file: string, context?: string): ApiServerAccess =>
  new KubeconfigAccess([file], context);

class KubeconfigAccess implements ApiServerAccess {
  readonly #files: readonly string[];
  readonly #context: string | undefined;
  #texts: readonly string[] = [];
  #config: KubeConfig | undefined;
  /** One at a time: an exec plugin that hangs must not be started again with each attempt. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(files: readonly string[], context: string | undefined) {
    this.#files = files;
    this.#context = context;
  }

  get server(): string {
    return this.#config?.getCurrentCluster()?.server ?? `of kubeconfig ${this.#files.join(', ')}`;
  }

  async namespace(): Promise<string> {
    const config = await this.read();
    return config.getContextObject(config.currentContext)?.namespace ?? 'default';
  }

  async requestOptions(): Promise<RequestOptions> {
    const config = await this.read();
    const options: RequestOptions = { headers: {} };
    const applied = this.#last.catch(() => undefined).then(async () => config.applyToHTTPSOptions(options));
    this.#last = applied;
    await applied.catch((cause: unknown) => this.#refuse(cause));
    return options;
  }

  /** As the files say it now; the same object while their texts are the same, for it keeps the tokens of exec plugins. */
  async read(): Promise<KubeConfig> {
    try {
      const Config = await loadKubeConfig();
      const texts = await Promise.all(this.#files.map((file) => readFile(file, 'utf8')));
      if (this.#config !== undefined && texts.every((text, index) => text === this.#texts[index]))
        return this.#config;
      const merged = new Config();
      for (const [index, file] of this.#files.entries()) {
        const config = new Config();
        if (texts[index]!.trim() === '') throw new Error(`${file} is empty`);
        config.loadFromString(texts[index]!);
        config.makePathsAbsolute(dirname(file));
        merged.mergeConfig(config, merged.currentContext !== undefined);
      }
      choose(merged, this.#context);
      this.#texts = texts;
      this.#config = merged;
      this.#last = Promise.resolve();
      return merged;
    } catch (cause) {
      return this.#refuse(cause);
    }
  }

  #refuse(cause: unknown): never {
    const message = `cannot use kubeconfig ${this.#files.join(', ')}: ${(cause as Error).message.trim()}`;
    throw new DiscoveryError('BAD_CONFIG', message, { cause });
  }
}

/**
 * Loaded only where it is used, as it costs 80 MB and half a second; an optional peer, as it is 51 MB on disk
 * (docs/decisions/0005-list-and-watch-of-our-own.md).
 * @throws Error that says what to install
 */
async function loadKubeConfig(): Promise<typeof KubeConfig> {
  try {
    return (await import('@kubernetes/client-node')).KubeConfig;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes('@kubernetes/client-node')) throw cause;
    throw new Error('kubeconfigs are read by another package: npm install @kubernetes/client-node@1', {
      cause,
    });
  }
}

/** @throws Error for a context that is not there, or has no cluster */
function choose(config: KubeConfig, context: string | undefined): void {
  if (context !== undefined) {
    const known = config.contexts.map(({ name }) => name);
    if (!known.includes(context))
      throw new Error(`contexts has no "${context}"; it has ${known.slice(0, 10).join(', ') || 'none'}`);
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('it has no current context with a cluster');
  // client-node refuses http:// unless certificates are not checked. There are none: it is `kubectl proxy` or a test.
  const checked = cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster;
  config.clusters = config.clusters.map((each) => (each.name === cluster.name ? checked : each));
}
