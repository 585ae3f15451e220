import { HeaderBlock } from '@evenly/http2';
import { failure, type Failure } from '../failure.ts';
import { parseGrpcTimeout } from './grpc-timeout.ts';
import { traceFields } from '../tracing/trace-context.ts';
import { admitRequest } from './admitted-request.ts';
import { withForwarded, type ForwardedBy } from './forwarded.ts';
import { hopFailure } from './hops.ts';
import { withRewrite } from './rewrite.ts';
import type { ReadyRoute, RouteTable } from './route-table.ts';

/** What a request's header block means to the proxy. Blocks that repeat are decoded once, and so is this worked out once. */
export interface RequestPlan<D> {
  readonly table: RouteTable<D>;
  /** Why it goes to no endpoint, whatever the routes say. */
  readonly refused: Failure | undefined;
  /** Undefined: no route matches. */
  readonly route: ReadyRoute<D> | undefined;
  /** What goes upstream, but for the fields that differ with every call. */
  readonly block: HeaderBlock;
  readonly scheme: string;
  /** It gets gRPC's answers: a status in trailers, whatever fails. */
  readonly isGrpc: boolean;
  /** The caller's, or undefined. */
  readonly timeoutMs: number | undefined;
  /** How often the caller has tried before (gRFC A6). */
  readonly previousAttempts: number;
  /** The caller gave it no `x-request-id`. */
  readonly needsRequestId: boolean;
}

/** Fields that the proxy writes anew. (A `grpc-timeout` that is none is passed on: the endpoint says what it thinks of it.) */
const attemptsField: ReadonlySet<string> = new Set(['grpc-previous-rpc-attempts']);
const ownFields: ReadonlySet<string> = new Set([...attemptsField, 'grpc-timeout']);
const attemptsAndTrace: ReadonlySet<string> = new Set([...attemptsField, ...traceFields]);
const ownAndTrace: ReadonlySet<string> = new Set([...ownFields, ...traceFields]);

/**
 * The plan of a block, kept in its `attachment`.
 * @param by of the connection that the block came by; blocks belong to one
 * @param traced the proxy has spans of its own in the trace, and says so upstream
 * @param shared gives equal blocks of different connections one identity
 */
export function planOf<D>(
  block: HeaderBlock,
  table: RouteTable<D>,
  by: ForwardedBy,
  shared: SharedBlocks,
  traced = false,
): RequestPlan<D> {
  const known = block.attachment as RequestPlan<D> | undefined;
  if (known !== undefined && known.table === table) return known;
  const { request = block, problem } = admitRequest(block, by);
  const refused = problem === undefined ? hopFailure(request) : badRequest(problem);
  const isGrpc = isGrpcContentType(request.get('content-type'));
  const timeoutMs = isGrpc ? parseGrpcTimeout(request.get('grpc-timeout') ?? '') : undefined;
  const previous = request.get('grpc-previous-rpc-attempts');
  const route = refused === undefined ? table.find(request) : undefined;
  const forwarded = withForwarded(request, by, rewritten(timeoutMs !== undefined, traced));
  const plan: RequestPlan<D> = {
    table,
    refused,
    route,
    block: shared.of(withRewrite(forwarded, route?.route)),
    isGrpc,
    scheme: request.asRequest().scheme,
    timeoutMs,
    needsRequestId: !request.get('x-request-id'),
    previousAttempts: previous !== undefined && /^\d{1,4}$/.test(previous) ? Number(previous) : 0,
  };
  block.attachment = plan;
  return plan;
}

/**
 * What goes to an endpoint that wants this scheme.
 * @param block the plan's, or what a route makes of it
 * @param scheme undefined: the client's
 */
export function blockFor(
  plan: RequestPlan<unknown>,
  block: HeaderBlock,
  scheme: 'http' | 'https' | undefined,
): HeaderBlock {
  if (scheme === undefined || scheme === plan.scheme) return block;
  const known = block.attachment as HeaderBlock | undefined;
  if (known?.asRequest().scheme === scheme) return known;
  const other = withScheme(block, scheme);
  block.attachment = other; // it is shared as the block is, so that encoders know it again
  return other;
}

function withScheme({ fields, listBytes, reusable }: HeaderBlock, scheme: string): HeaderBlock {
  const others = fields.map((one) => (one.name === ':scheme' ? { ...one, value: scheme } : one));
  return new HeaderBlock(others, listBytes, reusable);
}

/** To a gRPC caller it is a method that does not exist, as a path that is none is to grpc-go's server. */
function badRequest(problem: string): Failure {
  return { ...failure('UNIMPLEMENTED', problem, 'bad-request'), httpStatus: 400 };
}

function rewritten(hasTimeout: boolean, traced: boolean): ReadonlySet<string> {
  if (traced) return hasTimeout ? ownAndTrace : attemptsAndTrace;
  return hasTimeout ? ownFields : attemptsField;
}

/** `application/grpc`, `application/grpc+proto`; not `application/grpc-web`. */
export function isGrpcContentType(value: string | undefined): boolean {
  return value !== undefined && /^application\/grpc($|[+; ])/i.test(value);
}

/**
 * Blocks with the same content as one object, whichever client connection they came by. The upstream connection's
 * encoder remembers blocks by identity, 64 of them: with a hundred clients that send the same it would never find one.
 */
export class SharedBlocks {
  static readonly maxBlocks = 512;
  readonly #blocks = new Map<string, HeaderBlock>();

  of(block: HeaderBlock): HeaderBlock {
    if (!block.reusable) return block; // it may never come again
    const key = block.fields
      .map(({ name, value, sensitive }) => `${name}\0${value}\0${sensitive}`)
      .join('\0');
    const known = this.#blocks.get(key);
    if (known !== undefined) return known;
    if (this.#blocks.size >= SharedBlocks.maxBlocks) this.#blocks.clear();
    this.#blocks.set(key, block);
    return block;
  }
}
