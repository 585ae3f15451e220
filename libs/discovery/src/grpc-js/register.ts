import { env } from 'node:process'; // the variables by which kubectl and the like find their servers
import { experimental, logVerbosity, type ChannelOptions } from '@grpc/grpc-js';
import { lazyKubernetes } from '@evenly/kubernetes';
import { lazySlices } from '../kubernetes/endpoint-slices.ts';
import type { Scheme } from '../source-kind.ts';
import { targetSchemes } from '../sources.ts';
import type { Uri } from '../target.ts';
import { EvenlyPolicy } from './policy.ts';
import { PolicyConfig, policyNames, type PolicyName } from './policy-config.ts';
import { ProxiedTargets } from './http-proxy.ts';
import type { RegisterOptions } from './options.ts';
import { EvenlyResolver, type ResolverContext } from './resolver.ts';
import { SourcePool } from './source-pool.ts';
import type { ResolverListener } from './versions.ts';

let context = contextOf({});
const proxied = new ProxiedTargets();

/**
 * Registers the schemes of all sources (`k8s`, `dns+srv`, `file` …) and the policies `evenly_…` with grpc-js.
 * Importing this module has done so already; call it to set options, before the first channel is made: they count for
 * channels that come later. The stock schemes and policies stay as they are.
 */
export function register(options: RegisterOptions = {}): void {
  context = contextOf(options);
  for (const scheme of targetSchemes) experimental.registerResolver(scheme.name, resolverClass(scheme));
  for (const name of policyNames.keys())
    experimental.registerLoadBalancerType(name, policyClass(name), configClass(name));
}

function contextOf(options: RegisterOptions): ResolverContext {
  const onWarning = options.onWarning ?? ((message) => experimental.log(logVerbosity.ERROR, message));
  // A client follows few services, and is one of many: it asks for their slices alone.
  const slices = lazySlices(lazyKubernetes({ ...options.kubernetes, env, unref: true }), 'service');
  return { options, env, onWarning, slices, pool: new SourcePool() };
}

function resolverClass(scheme: Scheme) {
  return class extends EvenlyResolver {
    constructor(uri: Uri, listener: ResolverListener, channelOptions: ChannelOptions) {
      super(scheme, context, uri, listener, channelOptions);
      proxied.resolverMade(uri);
    }

    static getDefaultAuthority(uri: Uri): string {
      proxied.authorityAsked(uri, context.onWarning);
      const authority = scheme.authority(uri);
      // grpc-js makes a URL of it, and would throw for one that is none; such a target is told as an error later.
      return URL.canParse(`http://${authority}`) ? authority : 'localhost';
    }
  };
}

function policyClass(name: PolicyName) {
  return class extends EvenlyPolicy {
    constructor(...args: unknown[]) {
      const { region = '', zone = '', node = env.NODE_NAME ?? '' } = context.options;
      super(name, { region, zone, node }, args);
    }
  };
}

function configClass(name: PolicyName) {
  return class extends PolicyConfig {
    constructor(json: unknown = {}) {
      super(name, json);
    }

    static createFromJson(json: unknown) {
      return new this(json);
    }
  };
}
