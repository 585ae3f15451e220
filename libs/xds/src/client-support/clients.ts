import type { NodeKind } from '../node.ts';

/** The clients that the table of differences has columns for, as people call them, and the versions that were tried. */
export const clients = {
  'grpc-js': { title: 'Node', versions: 'grpc-js-xds 1.14.1' },
  'grpc-go': { title: 'Go', versions: 'grpc-go ≥ 1.85, tried with 1.85.0' },
  'grpc-core': { title: 'C++, Python, …', versions: 'C-core ≥ 1.85, tried with grpcio 1.85.1' },
  'grpc-java': { title: 'Java', versions: 'grpc-java ≥ 1.85, tried with 1.85.1' },
  envoy: { title: 'Envoy', versions: '1.40.0' },
  proxy: { title: 'l7-proxy', versions: 'of this release, with --xds-server' },
} as const satisfies Partial<Record<NodeKind, { title: string; versions: string }>>;

export type Client = keyof typeof clients;

export const clientNames = Object.keys(clients) as Client[];
