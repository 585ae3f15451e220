import { describe, expect, it } from 'vitest';
import { rejectedNames } from './rejected-names.ts';

/** Each wording as its client writes it (with the file that does), of a response with these resources in this order. */
const names = ['good', 'bad', 'bad-2', 'bad-2-long', 'address', 'cannot'];
const worded: [client: string, error: string, rejected: string[]][] = [
  [
    'Envoy, a listener (lds_api.cc)',
    "Error adding/updating listener(s) bad: cannot bind '127.0.0.1:80': Address already in use\n",
    ['bad'],
  ],
  [
    'Envoy, several listeners',
    "Error adding/updating listener(s) bad: cannot bind '0.0.0.0:80': Address already in use\nbad-2-long: error adding listener: 'good' has duplicate address '0.0.0.0:80' as existing listener\n",
    ['bad', 'bad-2-long'],
  ],
  [
    'Envoy, a listener twice',
    'Error adding/updating listener(s) bad-2: duplicate listener bad-2 found\n',
    ['bad-2'],
  ],
  [
    'Envoy 1.0, without (s)',
    "Error adding/updating listener bad: cannot bind '0.0.0.0:80': Address already in use",
    ['bad'],
  ],
  [
    'Envoy, clusters (cds_api_impl.cc)',
    'Error adding/updating cluster(s) bad: STRICT_DNS clusters must not have EDS, bad-2: good, address: cannot be resolved',
    ['bad', 'bad-2', 'address'],
  ],
  [
    'Envoy, a route (rds_route_config_subscription.cc)',
    'Unexpected RDS configuration (expecting bad): good',
    ['bad'],
  ],
  ['Envoy, endpoints (eds.cc)', 'Unexpected EDS cluster (expecting bad-2): good', ['bad-2']],
  [
    'C-core (xds_client.cc)',
    'xDS response validation errors: [resource index 1: bad: INVALID_ARGUMENT: errors validating Cluster: [field:good error:address cannot be parsed]; resource index 3: bad-2-long: INVALID_ARGUMENT: no]',
    ['bad', 'bad-2-long'],
  ],
  [
    'C-core, not even a name',
    'xDS response validation errors: [resource index 2: INVALID_ARGUMENT: Can’t decode good]',
    ['bad-2'],
  ],
  [
    'Node (xds-client.js)',
    'xDS response validation errors: [resource index 1: LB policy conversion failed for good; resource index 4: unsupported]',
    ['bad', 'address'],
  ],
  [
    'Go (channel.go)',
    'error parsing "ListenerResource" response: resource "bad": good is no "address";\nresource "bad-2": [cannot]',
    ['bad', 'bad-2'],
  ],
  [
    'Go, with top level errors',
    'error parsing "ClusterResource" response: top level errors: bad one',
    ['bad'],
  ],
  [
    'Java (XdsResourceType.java)',
    "LDS response Listener 'bad' validation error: HttpConnectionManager of 'good' is invalid\nLDS response Listener 'bad-2' validation error: x\nLDS response Resource index 4 - can't decode Listener: y",
    ['bad', 'bad-2', 'address'],
  ],
  ['our own proxy', 'listener "bad" has no address; listener "bad-2" names "good"', ['bad', 'bad-2']],
  ['somebody else, in quotes', 'I do not like "bad" and its address', ['bad']],
  ['somebody else, as a word', 'rejected: bad, bad-2-long.', ['bad', 'bad-2-long']],
];

describe('rejectedNames', () => {
  it.each(worded)('reads %s', (_client, error, rejected) => {
    expect([...rejectedNames(error, names)].sort()).toEqual([...rejected].sort());
  });

  it.each([
    ['no text', ''],
    [
      'a text without names',
      'Proto constraint validation failed (ClusterValidationError.Name: value length)',
    ],
    ['an index that there is not', 'resource index 99: NOT_FOUND: good'],
    ['a known wording with an unknown name', "Error adding/updating listener(s) old: 'good' has the address"],
    ['a part of a name', 'rejected: bad-2-longer, very-bad, bad-3'],
  ])('reads nothing in %s', (_what, error) => expect(rejectedNames(error, names)).toEqual(new Set()));

  it.each([
    ['a colon', '[::1]:80'],
    ['colons and blanks', 'a: b: c'],
    ['a comma and a blank', 'one, two'],
    ['quotes', `it's "so"`],
    ['a line break', 'two\nlines'],
    ['a path', 'grpc/server?xds.resource.listening_address=0.0.0.0:8080'],
    ['an authority', 'xdstp://example.org/envoy.config.listener.v3.Listener/a: b?x=1&y=2'],
  ])('finds a name with %s in each wording', (_what, name) => {
    const among = ['good', name, 'a', 'a: b', 'one', 'two', 'xdstp', '[::1]'];
    for (const error of [
      `Error adding/updating listener(s) ${name}: cannot bind\n`,
      `Error adding/updating cluster(s) good: no, ${name}: no`,
      `Unexpected RDS configuration (expecting ${name}): x`,
      `xDS response validation errors: [resource index 1: ${name}: INVALID_ARGUMENT: no]`,
      `error parsing "Listener" response: resource ${JSON.stringify(name)}: no`,
      `LDS response Listener '${name}' validation error: no`,
    ]) {
      const expected = error.includes('good: no') ? [name, 'good'] : [name];
      expect([...rejectedNames(error, among)].sort()).toEqual(expected.sort());
    }
  });

  it('knows an xdstp name whose parameters a client puts in order and escapes', () => {
    const name = 'xdstp://example.org/envoy.config.cluster.v3.Cluster/a b?z=1&a=2';
    const written = 'xdstp://example.org/envoy.config.cluster.v3.Cluster/a%20b?a=2&z=1';
    expect(rejectedNames(`resource "${written}": no`, [name, 'a'])).toEqual(new Set([name]));
  });

  it('reads a long text of hundreds of names, and one that is made to be slow', () => {
    const many = Array.from({ length: 400 }, (_, index) => `listener-${index}`);
    const error = many
      .map((name, index) => `resource index ${index}: ${name}: ${'x'.repeat(100)}`)
      .join('; ');
    expect(rejectedNames(error, many).size).toBe(400);
    for (const piece of [
      "LDS response x '",
      'resource "',
      ': ',
      ', ',
      'Error adding/updating cluster(s) a',
      '\n',
      '"',
    ]) {
      rejectedNames(`Error adding/updating cluster(s) ${piece.repeat(200_000)}`, many);
      rejectedNames(piece.repeat(200_000), many);
    }
  });
});
