import type { HeaderBlock, HeaderInput } from '@evenly/http2';

/** Cross-origin requests (Fetch standard, "CORS protocol"): pages of other origins call only if their origin is listed. */
export interface CorsPolicy {
  /** `*` = all. */
  origins: readonly string[];
}

/** Seconds that a browser may remember a preflight's answer; Chromium remembers none for longer. */
const maxAgeSeconds = 7200;
const maxRequestedHeaders = 4096;

/** A browser asks whether a page may make a request. */
export function isPreflight(block: HeaderBlock): boolean {
  return (
    block.asRequest().method === 'OPTIONS' &&
    block.get('origin') !== undefined &&
    block.get('access-control-request-method') !== undefined
  );
}

/** The response: 204 with what is allowed, or 403. */
export function preflightResponse(
  block: HeaderBlock,
  policy: CorsPolicy,
): { status: number; fields: HeaderInput[] } {
  const origin = allowedOrigin(block, policy);
  const asked = block.get('access-control-request-headers') ?? '';
  const isGood = /^[A-Za-z0-9!#$%&'*+.^_`|~, -]*$/.test(asked) && asked.length <= maxRequestedHeaders;
  if (origin === undefined || !isGood || block.get('access-control-request-method') !== 'POST') {
    return { status: 403, fields: [['vary', 'origin']] };
  }
  return {
    status: 204,
    fields: [
      ['access-control-allow-origin', origin],
      ['access-control-allow-methods', 'POST'],
      ...(asked === '' ? [] : [['access-control-allow-headers', asked] as const]),
      ['access-control-max-age', String(maxAgeSeconds)],
      ['vary', 'origin, access-control-request-headers'],
    ],
  };
}

/**
 * What makes a response readable for the page that asked; nothing when its origin is not listed.
 * @param names of the response's other fields, which the page may read too
 */
export function corsFields(origin: string | undefined, names: readonly string[]): HeaderInput[] {
  if (origin === undefined) return [];
  const exposed = new Set(['grpc-status', 'grpc-message', 'grpc-status-details-bin', ...names]);
  return [
    ['access-control-allow-origin', origin],
    ['access-control-expose-headers', [...exposed].join(',')],
    ['vary', 'origin'],
  ];
}

/** The origin of the page, if it may call. */
export function allowedOrigin(block: HeaderBlock, { origins }: CorsPolicy): string | undefined {
  const origin = block.get('origin');
  if (origin === undefined) return undefined;
  return origins.includes('*') || origins.includes(origin.toLowerCase()) ? origin : undefined;
}
