import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { readAnyConfig } from './read-config.ts';
import { meshConfigJsonSchema } from './json-schema.ts';
import { readMeshConfig } from './mesh-reader.ts';
import { printMeshConfig } from './print.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const docs = read('../../../docs/mesh-config.md');

interface Schema {
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  additionalProperties?: Schema | false;
  default?: unknown;
}
interface Field {
  field: string;
  /** undefined = free to say. */
  standard: string | undefined;
}

/** The fields of a part of the schema as the docs write them; what has a section of its own is not gone into. */
function fieldsOf(schema: Schema, ownSection: readonly string[], prefix = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const field = `${prefix}${name}`;
    const isRequired = schema.required?.includes(name) ?? false;
    if (ownSection.includes(name)) return [{ field, standard: standardOf(property, isRequired) }];
    const item = [property.items, ...(property.items?.anyOf ?? [])].find((one) => one?.properties);
    const inner = fieldsOf(item ?? property, ownSection, item ? `${field}[].` : `${field}.`);
    return [...(inner.length === 0 ? [{ field, standard: standardOf(property, isRequired) }] : []), ...inner];
  });
}

function standardOf({ default: value }: Schema, isRequired: boolean): string | undefined {
  if (isRequired) return 'required';
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return `\`[${value.join(', ')}]\``;
  return `\`${value === '' ? '""' : typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** The rows of the first table under a heading: field → default. */
function tableUnder(heading: string): Map<string, string> {
  const section = docs.split(/^## /m).find((one) => one.startsWith(`${heading}\n`))!;
  const rows = section.matchAll(/^\| `([^`]+)` +\| (.*?) +\|.*\|$/gm);
  return new Map([...rows].map(([, field, standard]) => [field!, standard!]));
}

const schema = meshConfigJsonSchema() as Schema;
const { clusters, services, routes, listeners } = schema.properties!;
const service = services!.additionalProperties as Schema;

describe('docs/mesh-config.md', () => {
  it.each([
    ['Top level', schema, ['clusters', 'services', 'routes', 'listeners']],
    ['Clusters', clusters!.additionalProperties as Schema, []],
    ['Services', service, ['source', 'subsets', 'policy']],
    ['Sources', service.properties!.source!, ['merge']],
    ['Policies', service.properties!.policy!, []],
    ['Routes', routes!.items!, ['retry', 'hedge', 'requestHeaders', 'responseHeaders']],
    ['Listeners', listeners!.items!, ['routes']],
  ])('has every field with its default: %s', (heading, part, ownSection) => {
    const table = tableUnder(heading);
    const fields = fieldsOf(part, ownSection);
    expect(fields.length).toBeGreaterThan(2);
    for (const { field, standard } of fields) {
      expect([...table.keys()]).toContain(field);
      if (standard !== undefined) expect(`${field} ${table.get(field)}`).toBe(`${field} ${standard}`);
      else expect(`${field} ${table.get(field)}`).toBe(`${field} —`);
    }
  });

  it('says nothing of fields that are not there', () => {
    const known = JSON.stringify(schema);
    const named = [...docs.matchAll(/^\| `([a-zA-Z.[\]]+)` +\|/gm)].flatMap(([, path]) =>
      path!.split(/[.[\]]+/),
    );
    expect(named.length).toBeGreaterThan(80);
    for (const name of named.filter((one) => one !== '')) expect(known).toContain(`"${name}"`);
  });

  const examples = [...docs.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml!);
  it.each(examples)('has an example that can be read: %#', (yaml) => {
    const config = readAnyConfig(yaml, 'mesh.yaml');
    expect(config.services.size).toBeGreaterThan(0);
    expect(readMeshConfig(printMeshConfig(config), 'mesh.yaml')).toEqual(config);
  });

  it('has examples', () => expect(examples).toHaveLength(11));
});

describe('README.md', () => {
  it('shows the example that works', async () => {
    const example = read('testing/example.ts').replace('../index.ts', '@evenly/mesh-config');
    expect(read('../README.md')).toContain(example);
    const log = vi.spyOn(console, 'log').mockReturnValue();
    await import('./testing/example.ts');
    expect(log.mock.calls).toEqual([
      [
        'be1-srv',
        [
          { service: 'be1-srv', weight: 95 },
          { service: 'be1-v2', weight: 5 },
        ],
      ],
      ['be1-v2', [{ service: 'be1-v2', weight: 1 }]],
    ]);
    log.mockRestore();
  });
});
