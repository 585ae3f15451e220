import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { chart } from './rendered.ts';

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
  $ref?: string;
}

const schema = JSON.parse(readFileSync(`${chart}/values.schema.json`, 'utf8')) as Schema & {
  definitions: Record<string, Schema>;
};
const values = parse(readFileSync(`${chart}/values.yaml`, 'utf8')) as object;

/** Name and description of every value that is under a schema, `apps.NAME.` and what is in it included. */
function described(of: Schema, path: string): [path: string, description: string][] {
  return [of, ...(of.anyOf ?? [])].flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, property]) => {
      const own = path + name;
      if (own === 'apps') return [row(own, property), ...described(schema.definitions['app']!, 'apps.NAME.')];
      const inner = described(property, `${own}.`);
      return property.description === undefined ? inner : [row(own, property), ...inner];
    }),
  );
}

const row = (path: string, { description }: Schema): [string, string] => [
  path,
  description ?? 'no description',
];

function defaultOf(path: string): string {
  const value = path
    .split('.')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], values);
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}

describe('README of the chart', () => {
  it('its table has each value of the schema, with its default and what it is', () => {
    const readme = readFileSync(`${chart}/README.md`, 'utf8');
    const rows = readme
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(rows).toEqual(described(schema, '').map(([path, text]) => [`\`${path}\``, defaultOf(path), text]));
  });
});
