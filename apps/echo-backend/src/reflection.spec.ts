import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { credentials, loadPackageDefinition, type Client, type ClientDuplexStream } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startLocalServer, type LocalServer } from './testing/local-server.ts';

interface Answer {
  list_services_response?: { service: { name: string }[] };
  file_descriptor_response?: { file_descriptor_proto: Buffer[] };
  error_response?: { error_code: number };
}
type Stream = ClientDuplexStream<Record<string, string>, Answer>;
type ReflectionClient = Client & { ServerReflectionInfo(): Stream };

let server: LocalServer;
let client: ReflectionClient;

beforeAll(async () => {
  server = await startLocalServer();
  const folder = dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json'));
  const proto = join(folder, 'build/proto/grpc/reflection/v1/reflection.proto');
  const root = loadPackageDefinition(loadSync(proto, { keepCase: true, oneofs: true })) as unknown as {
    grpc: { reflection: { v1: { ServerReflection: new (...args: unknown[]) => ReflectionClient } } };
  };
  client = new root.grpc.reflection.v1.ServerReflection(server.address, credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await server.stop();
});

async function ask(request: Record<string, string>): Promise<Answer> {
  const stream = client.ServerReflectionInfo();
  stream.write(request);
  stream.end();
  for await (const answer of stream as AsyncIterable<Answer>) return answer;
  throw new Error('no answer');
}

it('lists the services', async () => {
  const names = (await ask({ list_services: '' })).list_services_response?.service.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['echo.EchoServer', 'grpc.health.v1.Health']));
});

it('gives the file that describes a symbol', async () => {
  const answer = await ask({ file_containing_symbol: 'echo.EchoServer' });
  const [file] = answer.file_descriptor_response?.file_descriptor_proto ?? [];
  expect(file?.toString('latin1')).toContain('SayHelloStream');
});

it('answers an unknown symbol with an error', async () => {
  expect((await ask({ file_containing_symbol: 'no.Such' })).error_response?.error_code).toBe(5);
});

it('names map entries as protobuf demands, also where the library does not', async () => {
  const answer = await ask({ file_containing_symbol: 'grpc.health.v1.Health' });
  const [file] = answer.file_descriptor_response?.file_descriptor_proto ?? [];
  expect(file?.toString('latin1')).toContain('.grpc.health.v1.HealthListResponse.StatusesEntry');
});
