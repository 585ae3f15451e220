import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Server } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoPath as healthProtoPath } from 'grpc-health-check';
import { withMapEntryNames } from './map-entries.ts';

/** Answers grpc.reflection.v1 and v1alpha for the services of this pod, so that grpcurl needs no .proto file. */
export function addReflection(server: Server): void {
  const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
  const echo: PackageDefinition = loadSync('echo/echo.proto', { ...options, includeDirs: [protoDir()] });
  // The file of the library that answers health calls, so what is shown is what is served.
  const health: PackageDefinition = loadSync(healthProtoPath, options);
  const definitions = Object.entries({ ...echo, ...health }).map(([name, definition]) => {
    const files: unknown = definition.fileDescriptorProtos;
    if (!Array.isArray(files)) return [name, definition];
    return [name, { ...definition, fileDescriptorProtos: (files as Buffer[]).map(withMapEntryNames) }];
  });
  new ReflectionService(Object.fromEntries(definitions) as PackageDefinition).addToServer(server);
}

/** The build copies the files beside the compiled program; a run from the sources takes them where they are. */
function protoDir(): string {
  const built = fileURLToPath(new URL('./proto', import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL('../../../proto', import.meta.url));
}
