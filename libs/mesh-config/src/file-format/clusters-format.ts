import { z } from 'zod';
import type { SourceCluster } from '../source-cluster.ts';
import { file, name, text } from './values.ts';

export const maxClusters = 16;

const cluster = z
  .strictObject({
    kubeconfig: z
      .exactOptional(file)
      .describe('How to come to its API server; absent = the cluster that the program runs in'),
    context: z.exactOptional(text()).describe('Of the kubeconfig; absent = its current one'),
    region: z.exactOptional(text()).describe("Where its endpoints are; absent = the cluster's name"),
  })
  .refine(({ kubeconfig, context }) => context === undefined || kubeconfig !== undefined, {
    error: 'must have a kubeconfig, of which this is a context',
    path: ['context'],
  });

/** By name; each is a region of its own unless it says another one. */
export const clusters = z
  .record(name, cluster)
  .refine((byName) => Object.keys(byName).length <= maxClusters, {
    error: `must hold at most ${maxClusters} clusters`,
  })
  .prefault({})
  .transform(
    (byName): ReadonlyMap<string, SourceCluster> =>
      new Map(Object.entries(byName).map(([key, given]) => [key, { name: key, region: key, ...given }])),
  )
  .describe('Kubernetes clusters that sources name, by name');
