import {
  Client,
  credentials,
  type ChannelCredentials,
  Metadata,
  status,
  type ServiceError,
} from '@grpc/grpc-js';

const bytes = (value: Buffer) => value;

/** What a call came to, as a gRPC program sees it. */
export interface Outcome {
  code: keyof typeof status;
  details: string;
  messages: string[];
}

/** A real gRPC client; it tries nothing twice by itself, so that what is seen is the proxy's doing. */
export class GrpcClient {
  readonly client: Client;

  /** @param authority absent = the address */
  constructor(
    address: string,
    channelCredentials: ChannelCredentials = credentials.createInsecure(),
    authority?: string,
  ) {
    this.client = new Client(address, channelCredentials, {
      ...(authority === undefined ? {} : { 'grpc.default_authority': authority }),
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  unary(
    request: Buffer | string = 'ping',
    options: { deadlineMs?: number; metadata?: Record<string, string>; path?: string } = {},
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const { deadlineMs = 20_000, path = '/echo.EchoServer/SayHello' } = options;
      const deadline = { deadline: Date.now() + deadlineMs };
      const done = (error: ServiceError | null, reply?: Buffer) =>
        resolve(outcome(error, reply === undefined ? [] : [reply.toString()]));
      const metadata = metadataOf(options.metadata);
      this.client.makeUnaryRequest(path, bytes, bytes, Buffer.from(request), metadata, deadline, done);
    });
  }

  serverStream(options: { deadlineMs?: number } = {}): Promise<Outcome> {
    return new Promise((resolve) => {
      const deadline = { deadline: Date.now() + (options.deadlineMs ?? 20_000) };
      const messages: string[] = [];
      const call = this.client.makeServerStreamRequest(
        '/echo.EchoServer/SayHelloStream',
        bytes,
        bytes,
        Buffer.from('ping'),
        new Metadata(),
        deadline,
      );
      call.on('data', (message: Buffer) => messages.push(message.toString()));
      call.on('error', () => {}); // `status` says it too
      call.on('status', ({ code, details }) =>
        resolve({ code: status[code] as Outcome['code'], details, messages }),
      );
    });
  }

  bidi(deadlineMs = 20_000) {
    const deadline = { deadline: Date.now() + deadlineMs };
    return this.client.makeBidiStreamRequest('/echo.EchoServer/Chat', bytes, bytes, new Metadata(), deadline);
  }

  close(): void {
    this.client.close();
  }
}

function metadataOf(fields: Record<string, string> = {}): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
  return metadata;
}

function outcome(error: ServiceError | null, messages: string[]): Outcome {
  if (error === null) return { code: 'OK', details: '', messages };
  return { code: status[error.code] as Outcome['code'], details: error.details, messages };
}
