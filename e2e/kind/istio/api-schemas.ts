import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kubectl } from '../kubectl.ts';

interface Schema {
  type?: unknown;
  properties?: unknown;
  additionalProperties?: unknown;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
}

interface OpenApi {
  components?: { schemas?: Record<string, Schema> };
}

/** How kubeconform finds in a directory what `writeApiSchemas` has written there. */
export const schemaLocation = (directory: string) =>
  join(directory, '{{.Group}}_{{.ResourceAPIVersion}}_{{.ResourceKind}}.json');

/**
 * Writes a JSON schema for each kind that the API server serves at these paths, as the server itself describes it; of custom
 * resources that is what their definitions say. A field that it does not know is refused.
 * @param apis such as `api/v1`, `apis/apps/v1`
 */
export async function writeApiSchemas(
  kubectl: Kubectl,
  apis: readonly string[],
  directory: string,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const api of apis) {
    const { components } = JSON.parse(
      (await kubectl.run('get', '--raw', `/openapi/v3/${api}`)).stdout,
      refuseUnknown,
    ) as OpenApi;
    for (const [name, schema] of Object.entries(components?.schemas ?? {})) {
      for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? []) {
        // The core group has no name; kubeconform then has the version in its place.
        const file = `${group || version}_${version}_${kind.toLowerCase()}.json`;
        // The references in a schema are to the others of its document.
        const document = { $ref: `#/components/schemas/${name}`, components };
        await writeFile(join(directory, file), JSON.stringify(document));
      }
    }
  }
}

/** What `apply` does with `--validate=strict`: OpenAPI itself lets pass what it has no word for. */
function refuseUnknown(_key: string, value: unknown): unknown {
  if (!isObjectSchema(value)) return value;
  const isOpen = value.additionalProperties !== undefined || value['x-kubernetes-preserve-unknown-fields'];
  return isOpen ? value : { ...value, additionalProperties: false };
}

const isObjectSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && (value as Schema).type === 'object' && 'properties' in value;
