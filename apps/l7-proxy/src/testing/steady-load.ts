import { connectHttp2, headerList, SocketLoop, type Connection, type Stream } from '@evenly/http2';
import { grpcCodes, type GrpcCode } from '@evenly/mesh-config';
import { grpcMessage } from './scripted-backend.ts';

const connections = 4;

interface SteadyCall {
  readonly number: number;
  readonly startedAtMs: number;
  content: Buffer;
  status: string;
  message: string;
}

/**
 * Unary calls at a fixed rate, whatever becomes of them (open loop), over a few connections. On our own engine, which
 * leaves the machine to the proxy and its backends.
 */
export class SteadyLoad {
  readonly failed: { number: number; code: GrpcCode; details: string }[] = [];
  readonly latenciesMs: number[] = [];
  done = 0;
  started = 0;
  readonly #connections: Connection<SteadyCall>[];
  /** How many calls should have been started by now. */
  #due: () => number;
  readonly #timer: NodeJS.Timeout;
  /** Calls that wait for a stream: they are late, which counts. */
  #waiting: { number: number; dueAtMs: number }[] = [];
  #onDone: (() => void) | undefined;

  constructor(address: string, callsPerSecond: number) {
    const loop = new SocketLoop();
    const [host = '', port] = address.split(':');
    this.#connections = Array.from({ length: connections }, () => this.#connect(loop, host, Number(port)));
    const startedAtMs = performance.now();
    this.#due = () => Math.floor(((performance.now() - startedAtMs) * callsPerSecond) / 1000);
    this.#timer = setInterval(() => {
      const due = this.#due();
      for (const { number, dueAtMs } of this.#waiting.splice(0)) this.#call(number, dueAtMs);
      while (this.started < due) this.#call(this.started++, performance.now());
    }, 5);
  }

  /** Resolves when all calls have ended. */
  async stop(): Promise<void> {
    this.#due = () => this.started;
    if (this.done < this.started) await new Promise<void>((resolve) => (this.#onDone = resolve));
    clearInterval(this.#timer);
    for (const connection of this.#connections) connection.close();
  }

  percentileMs(percent: number): number {
    const sorted = this.latenciesMs.toSorted((a, b) => a - b);
    return sorted[Math.floor((sorted.length * percent) / 100)] ?? 0;
  }

  #connect(loop: SocketLoop, host: string, port: number): Connection<SteadyCall> {
    const connection: Connection<SteadyCall> = connectHttp2({
      host,
      port,
      loop,
      events: {
        onHeaders: (stream, block) => {
          const call = stream.user!;
          call.status = block.get('grpc-status') ?? call.status;
          call.message = block.get('grpc-message') ?? call.message;
        },
        onData: (stream, bytes, start, end) => {
          const call = stream.user!;
          call.content = Buffer.concat([call.content, bytes.subarray(start, end)]);
          connection.consume(stream, end - start);
        },
        onReset: (stream, { reason, code }) => this.#ended(stream, `reset: ${code} ${reason}`),
        onStreamEnd: (stream) => this.#ended(stream),
        onClose: () => {},
      },
    });
    return connection;
  }

  #call(number: number, dueAtMs: number): void {
    const connection = this.#connections[number % connections]!;
    const stream = connection.open(request, false);
    if (stream === undefined) return void this.#waiting.push({ number, dueAtMs });
    stream.user = {
      number,
      startedAtMs: dueAtMs,
      content: nothing,
      status: '',
      message: '',
    };
    const content = grpcMessage(Buffer.from(`call-${number}`));
    connection.sendData(stream, content, 0, content.length, true);
  }

  #ended(stream: Stream<SteadyCall>, reset?: string): void {
    const { number, startedAtMs, content, status, message } = stream.user!;
    this.done++;
    this.latenciesMs.push(performance.now() - startedAtMs);
    const isRight = status === '0' && content.subarray(5).toString() === `call-${number}`;
    if (!isRight || reset !== undefined) {
      const code = grpcCodes[Number(status || 2)] ?? 'UNKNOWN';
      this.failed.push({ number, code, details: reset ?? decodeURIComponent(message) });
    }
    if (this.done === this.started) this.#onDone?.();
  }
}

const nothing = Buffer.alloc(0);
const request = headerList([
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/echo.EchoServer/SayHello'],
  [':authority', 'echo'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
  ['grpc-timeout', '20S'],
]);
