import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { explainIssues } from '@evenly/endpoints/faults';
import { ServiceError } from '../errors.ts';
import type { Config, OptionSpecs } from '../options.ts';
import * as values from '../values.ts';

/** For the options of a program that may call `xds:` targets. */
export const xdsBootstrapOptions = {
  xdsBootstrap: {
    describe: 'xDS bootstrap file (gRFC A27), needed for xds: targets unless the next one is given',
    schema: values.text(),
    alsoEnv: ['GRPC_XDS_BOOTSTRAP'],
  },
  xdsBootstrapConfig: {
    describe: 'xDS bootstrap as JSON text',
    schema: values.text(),
    alsoEnv: ['GRPC_XDS_BOOTSTRAP_CONFIG'],
  },
} as const satisfies OptionSpecs;

const supportedCredentials = ['insecure', 'google_default'];

const servers = z
  .array(
    z.object({
      server_uri: z.string().min(1),
      channel_creds: z
        .array(z.object({ type: z.string() }))
        .refine((list) => list.some(({ type }) => supportedCredentials.includes(type)), {
          error: `expected one whose type is ${supportedCredentials.join(' or ')}`,
        }),
    }),
  )
  .min(1);

/** The part of gRFC A27's bootstrap without which grpc-js-xds 1.14 cannot begin; `locality` is its own demand. */
const bootstrapSchema = z.object({
  xds_servers: servers,
  node: z.object({ id: z.string(), locality: z.looseObject({}) }),
});

/**
 * Sees to it that grpc-js-xds finds a bootstrap that it can use. It reads the environment itself, at the first call, and
 * then answers a bad bootstrap with errors that do not name it; so the check is made here, when the program starts.
 * @param env where grpc-js-xds looks: node's `process.env`
 * @param onWarning told of what grpc-js-xds takes and does not heed
 * @throws ServiceError BAD_CONFIG
 */
export function provideXdsBootstrap(
  config: { target: string } & Config<typeof xdsBootstrapOptions>,
  env: Record<string, string | undefined>,
  onWarning: (reason: string) => void,
): void {
  if (!config.target.startsWith('xds:')) return;
  const { xdsBootstrap: path, xdsBootstrapConfig: text } = config;
  if (path !== undefined) {
    check(`xDS bootstrap ${path}`, read(path), onWarning);
    env['GRPC_XDS_BOOTSTRAP'] = path;
  } else if (text !== undefined) {
    check('xDS bootstrap (GRPC_XDS_BOOTSTRAP_CONFIG)', text, onWarning);
    env['GRPC_XDS_BOOTSTRAP_CONFIG'] = text;
  } else {
    throw new ServiceError(
      'BAD_CONFIG',
      `target ${config.target} needs an xDS bootstrap: set GRPC_XDS_BOOTSTRAP to its file or GRPC_XDS_BOOTSTRAP_CONFIG to its text`,
    );
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ServiceError('BAD_CONFIG', `cannot read xDS bootstrap: ${(cause as Error).message}`, { cause });
  }
}

function check(what: string, text: string, onWarning: (reason: string) => void): void {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ServiceError('BAD_CONFIG', `${what} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const result = bootstrapSchema.safeParse(json);
  if (result.success) return warnOfSpares(what, result.data.xds_servers, onWarning);
  const faults = explainIssues(result.error.issues, { value: json, schema: bootstrapSchema }).map(
    ({ path, reason }) => `${path.join('.') || 'whole'}: ${reason}`,
  );
  throw new ServiceError('BAD_CONFIG', `${what}: ${faults.join('; ')}`);
}

/** Where a bootstrap has several servers, gRPC falls back on the next one (gRFC A71): grpc-js-xds 1.14 does not. */
function warnOfSpares(
  what: string,
  [first, ...spares]: z.output<typeof servers>,
  onWarning: (reason: string) => void,
): void {
  if (spares.length === 0) return;
  const names = spares.map(({ server_uri }) => server_uri).join(', ');
  onWarning(
    `${what}: only the first of xds_servers is used, ${first!.server_uri}: grpc-js-xds does not fall back on ${names} ` +
      '(gRFC A71); give it one address that leads to all of them, such as a Kubernetes Service',
  );
}
