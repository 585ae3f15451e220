import { promisify } from 'node:util';
import { Server, ServerCredentials, status, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import {
  EchoServerService,
  type EchoReply,
  type EchoRequest,
  type EchoServerServer,
} from '@evenly/proto/echo/echo';

/** A pod in this process: answers with its name, until a test tells it otherwise. */
export class EchoPod {
  readonly name: string;
  port = 0;
  /** Names in the requests that came, in their order. */
  readonly requests: string[] = [];
  /** How many calls are waiting; see `hang`. */
  waiting = 0;
  /** How many waiting calls their client gave up. */
  cancelled = 0;
  /** Calls get no answer while this is true. */
  hang = false;
  /** Decides for the n-th call (from 1) whether it fails. */
  fails: (call: number) => boolean = () => false;
  failure = { code: status.UNAVAILABLE, details: 'told to fail' };
  readonly #server = new Server();
  readonly #unanswered: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
    const service: EchoServerServer = {
      sayHello: (call, callback) => this.#sayHello(call, callback),
      sayHelloStream: (call) => call.end(),
    };
    this.#server.addService(EchoServerService, service);
  }

  async start(): Promise<this> {
    const bind = promisify(this.#server.bindAsync.bind(this.#server));
    this.port = await bind('127.0.0.1:0', ServerCredentials.createInsecure());
    return this;
  }

  /** Answers the calls that wait, and those to come. */
  resume(): void {
    this.hang = false;
    for (const answer of this.#unanswered.splice(0)) answer();
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #sayHello(call: ServerUnaryCall<EchoRequest, EchoReply>, callback: sendUnaryData<EchoReply>): void {
    this.requests.push(call.request.name);
    const answer = () =>
      callback(null, { message: `Hello ${call.request.name}  from hostname ${this.name}` });
    if (this.fails(this.requests.length)) callback(this.failure);
    else if (!this.hang) answer();
    else {
      this.waiting++;
      this.#unanswered.push(answer);
      call.once('cancelled', () => this.cancelled++);
    }
  }
}
