import type { Workload } from '../inventory/workload.ts';
import type { Container } from '../inventory/objects/container.ts';
import { optionOf } from '../inventory/options-of.ts';

/** By what a gRPC client is told its xDS server (gRFC A27). */
export interface Bootstrap {
  evidence: string;
  /** `xds-server:18000`; undefined where a file says it that cannot be seen. */
  server: string | undefined;
}

/** What `xds-server bootstrap` takes where nothing is said. */
const defaultServer = 'xds-server:18000';

export function bootstrapOf(container: Container, { pods }: Workload): Bootstrap | undefined {
  const valueOf = (name: string) => container.texts.find(({ at }) => at === `env ${name}`)?.value;
  const text = valueOf('GRPC_XDS_BOOTSTRAP_CONFIG');
  if (text !== undefined) {
    const server = /"server_uri"\s*:\s*"([^"]+)"/.exec(text)?.[1];
    return { evidence: 'env GRPC_XDS_BOOTSTRAP_CONFIG', server };
  }
  const file = valueOf('GRPC_XDS_BOOTSTRAP');
  if (file === undefined) return undefined;
  const writer = pods.initContainers.find(({ texts }) =>
    texts.some(({ at, value }) => at === 'args[0]' && value === 'bootstrap'),
  );
  const server = writer && (optionOf(writer, 'server') ?? defaultServer);
  return { evidence: `env GRPC_XDS_BOOTSTRAP=${file}`, server };
}
