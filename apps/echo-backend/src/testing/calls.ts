import { once } from 'node:events';
import { Metadata, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import type { EchoReply, EchoServerClient } from '@evenly/proto/echo/echo';
import type { HealthCheckResponse, HealthClient } from '@evenly/proto/grpc/health/v1/health';

/** One SayHello: its message; rejects with the grpc-js ServiceError. */
export function sayHello(client: EchoServerClient, deadlineMs = 10_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + deadlineMs };
    client.sayHello({ name: 'you' }, new Metadata(), options, (error, reply) =>
      error ? reject(error) : resolve(reply.message),
    );
  });
}

/** One health Check: the status number. */
export function check(client: HealthClient, service: string, deadlineMs = 10_000): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + deadlineMs };
    client.check({ service }, new Metadata(), options, (error, reply) =>
      error ? reject(error) : resolve(reply.status),
    );
  });
}

/** The messages of a stream until it ends; rejects when it fails. */
export async function collect(stream: ClientReadableStream<EchoReply>): Promise<string[]> {
  const messages: string[] = [];
  for await (const reply of stream as AsyncIterable<EchoReply>) messages.push(reply.message);
  return messages;
}

/** The next status of a health Watch. */
export async function nextStatus(watch: ClientReadableStream<HealthCheckResponse>): Promise<number> {
  const [response] = (await once(watch, 'data')) as [HealthCheckResponse];
  return response.status;
}

/** The gRPC status code that a call failed with; throws when it did not fail. */
export async function codeOf(call: Promise<unknown>): Promise<number> {
  const result = await call.then(
    (value) => ({ value }),
    (error: ServiceError) => error,
  );
  if (!(result instanceof Error)) throw new Error(`the call succeeded: ${JSON.stringify(result)}`);
  return result.code;
}
