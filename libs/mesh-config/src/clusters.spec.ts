import { describe, expect, it } from 'vitest';
import { clustersOf, hasSeveralRegions, regionOfCaller, regionsOf } from './clusters.ts';
import { configFaultOf } from './file-positions.ts';
import { readConfigs } from './read-config.ts';
import { faultsOf } from './testing/faults.ts';
import { onlyFault, read } from './testing/mesh-yaml.ts';

const kubernetes = (clusters: string) =>
  `services:\n  a: { source: { kubernetes: { service: a, port: grpc, clusters: ${clusters} } } }\n`;
const both = `clusters:\n  eu: {}\n  us: { kubeconfig: us/config, context: admin, region: america }\n`;

describe('clusters', () => {
  it('are what sources mean by their names, with paths beside the file that names them', () => {
    const files = [
      { file: 'shared/mesh.yaml', text: kubernetes('[eu, us]') },
      { file: 'here/clusters.yaml', text: `${both}services: {}` },
    ];
    const service = readConfigs(files).services.get('a')!;
    expect(clustersOf(service.source)).toEqual([
      { name: 'eu', region: 'eu' },
      { name: 'us', region: 'america', kubeconfig: 'here/us/config', context: 'admin' },
    ]);
    expect(configFaultOf(service, ['policy'], 'x')).toMatchObject({ file: 'shared/mesh.yaml', line: 2 });
  });

  it('are known to subsets and merged sources', () => {
    const text = `${both}services:
  a:
    source: { merge: [{ kubernetes: { service: a, port: 1, clusters: [eu] } }, { kubernetes: { service: b, port: 1, clusters: [us] } }] }
    subsets: { v2: { source: { kubernetes: { service: c, port: 1, clusters: [us] } } } }
`;
    const { source, subsets } = read(text).services.get('a')!;
    expect(clustersOf(source).map(({ region }) => region)).toEqual(['eu', 'america']);
    expect(clustersOf(subsets.get('v2')!.source).map(({ region }) => region)).toEqual(['america']);
  });

  it.each([
    [
      'a name that is none',
      kubernetes('[eu]') + both.replace('eu:', 'de:'),
      2,
      'services.a',
      /^names the cluster "eu", which is not one of clusters: de, us$/,
    ],
    ['a name, and no list', kubernetes('[eu]'), 2, 'services.a', /there are none$/],
    [
      'a name twice',
      kubernetes('[eu, eu]') + both,
      2,
      'services.a.source.kubernetes.clusters[1]',
      /^is there twice/,
    ],
    [
      'two without a kubeconfig',
      `clusters:\n  eu: {}\n  us: {}\n${kubernetes('[eu]')}`,
      3,
      'clusters.us',
      /^must have a kubeconfig: the cluster without one, the program's own, is conf\/mesh.yaml:2: clusters.eu$/,
    ],
    [
      'a context of nothing',
      `clusters:\n  eu: { context: x }\n${kubernetes('[eu]')}`,
      2,
      'clusters.eu.context',
      /^must have a kubeconfig/,
    ],
    [
      'too many',
      `clusters: { ${Array.from({ length: 17 }, (_, i) => `c${i}: { kubeconfig: k }`).join(', ')} }\nservices: {}`,
      1,
      'clusters',
      /at most 16/,
    ],
  ])('are refused: %s', (_, text, line, field, reason) => {
    expect(onlyFault(text)).toEqual({ line, field, reason: expect.stringMatching(reason) as string });
  });

  it('are refused: one name in two files', () => {
    const files = ['one', 'two'].map((file) => ({
      file,
      text: 'clusters: { eu: { kubeconfig: k } }\nservices: {}',
    }));
    expect(faultsOf(() => readConfigs(files))).toMatchObject(
      [
        {
          file: 'two',
          line: 1,
          field: 'clusters.eu',
          reason: /^the cluster "eu" is there twice, also at one:1/,
        },
      ].map((fault) => ({ ...fault, reason: expect.stringMatching(fault.reason) as string })),
    );
  });
});

describe('regions', () => {
  const of = (clusters: string) => regionsOf(read(both + kubernetes(clusters)).services.get('a')!.source);

  it('are those of the clusters', () => {
    expect(of('[us, eu]')).toEqual({ own: 'eu', all: ['america', 'eu'] });
    expect(of('[us]')).toEqual({ all: ['america'] });
    expect(regionsOf({ kind: 'file', path: 'x' })).toEqual({ all: [] });
    expect(['[us, eu]', '[us]'].map((clusters) => hasSeveralRegions(of(clusters)))).toEqual([true, false]);
  });

  it('have a caller where it says that it is, or else with the program', () => {
    const places = ['america', 'eu', '', 'europe-west1'].map((said) => regionOfCaller(of('[us, eu]'), said));
    expect(places).toEqual(['america', 'eu', 'eu', 'eu']);
    expect(regionOfCaller(of('[us]'), 'eu')).toBe('eu');
  });
});
