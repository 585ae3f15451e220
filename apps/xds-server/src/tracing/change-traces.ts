import {
  context,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { Acknowledgement, ResourceType, XdsStream } from '@evenly/xds';

/** Pushes of one change that get spans: with thousands of clients a few show as much as all. */
const maxTraced = 50;

/** A change on its way to the clients. */
interface Change {
  context: Context;
  traced: number;
}

/** What one stream owes to changes: those that it was not sent yet, and those that it has not acknowledged. */
interface Progress {
  due: Map<ResourceType, Change>;
  /** By nonce. */
  unacknowledged: Map<string, Span>;
}

/**
 * One trace for each change: what the source said → the resources built from it → the push to a client → its ACK or NACK.
 * Changes that are coalesced into one push go by the trace of the first of them.
 */
export class ChangeTraces {
  readonly #tracer: Tracer;
  readonly #progress = new WeakMap<XdsStream, Progress>();
  #building: Change | undefined;
  #pending: Change | undefined;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** Runs what an update of a source leads to. @param name such as `source change` */
  change(name: string, attributes: Attributes, build: () => void): void {
    const root = this.#tracer.startSpan(name, { attributes }, context.active());
    const within = trace.setSpan(context.active(), root);
    const span = this.#tracer.startSpan('build resources', {}, within);
    const outer = this.#building;
    this.#building = { context: within, traced: 0 };
    try {
      build();
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
      throw error;
    } finally {
      this.#building = outer;
      span.end();
      root.end();
    }
  }

  /** To be called when the cache has changed: what is sent next is owed to what is built now. */
  cacheChanged(): void {
    this.#pending ??= this.#building;
  }

  /**
   * To be called before changes are passed on to the streams.
   * @returns `mark` to be called before a stream is told of changes of its types, and `settle` after
   */
  flush(): {
    mark: (stream: XdsStream, types: ReadonlySet<ResourceType>) => void;
    settle: (stream: XdsStream) => void;
  } {
    const change = this.#pending;
    this.#pending = undefined;
    return {
      mark: (stream, types) => {
        if (change === undefined || change.traced >= maxTraced) return;
        const { due } = this.#of(stream);
        for (const type of types) if (!due.has(type)) due.set(type, change);
      },
      settle: (stream) => {
        const progress = this.#progress.get(stream);
        if (progress !== undefined) settle(stream, progress);
      },
    };
  }

  sent(stream: XdsStream, type: ResourceType, bytes: number): void {
    const progress = this.#progress.get(stream);
    const change = progress?.due.get(type);
    const nonce = stream.types.get(type)?.outstanding?.nonce;
    if (progress === undefined || change === undefined || nonce === undefined) return;
    progress.due.delete(type);
    if (change.traced >= maxTraced) return;
    change.traced++;
    const attributes = { 'xds.node.id': stream.node.id, 'xds.type': type };
    const push = this.#tracer.startSpan(
      'push',
      { attributes: { ...attributes, 'xds.bytes': bytes } },
      change.context,
    );
    push.end();
    const within = trace.setSpan(change.context, push);
    progress.unacknowledged.set(nonce, this.#tracer.startSpan('ack', { attributes }, within));
  }

  /** @param error the client's words, when it rejected the response with this nonce */
  acknowledged(
    stream: XdsStream,
    said: Acknowledgement['said'],
    nonce: string,
    error: string | undefined,
  ): void {
    const progress = this.#progress.get(stream);
    const span = progress?.unacknowledged.get(nonce);
    if (progress === undefined || span === undefined || (said !== 'ack' && said !== 'nack')) return;
    progress.unacknowledged.delete(nonce);
    span.setAttribute('xds.said', said);
    if (said === 'nack') span.setStatus({ code: SpanStatusCode.ERROR, message: error?.slice(0, 1000) ?? '' });
    span.end();
    settle(stream, progress);
  }

  closed(stream: XdsStream): void {
    for (const span of this.#progress.get(stream)?.unacknowledged.values() ?? []) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'the stream ended before the client answered' });
      span.end();
    }
    this.#progress.delete(stream);
  }

  #of(stream: XdsStream): Progress {
    let progress = this.#progress.get(stream);
    if (progress === undefined) {
      progress = { due: new Map(), unacknowledged: new Map() };
      this.#progress.set(stream, progress);
    }
    return progress;
  }
}

/** Runs what an update leads to, as a trace if traces are on. */
export function inTrace(
  traces: ChangeTraces | undefined,
  name: string,
  attributes: Attributes,
  build: () => void,
): void {
  if (traces === undefined) build();
  else traces.change(name, attributes, build);
}

/** When nothing is awaited, all that was due is sent; what is left was no update for this client. */
function settle(stream: XdsStream, { due }: Progress): void {
  const isBusy = [...stream.types.values()].some(({ outstanding }) => outstanding !== undefined);
  if (!isBusy) due.clear();
}
