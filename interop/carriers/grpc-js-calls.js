import { createInterface } from 'node:readline';

/**
 * Makes the calls that the standard input asks for, and says of each what came of it, as README.md says.
 * @param grpc the `@grpc/grpc-js` to make them with: an old grpc-js-xds works with an old one only
 */
export function makeAskedCalls({ Client, credentials, Metadata, status }) {
  /** One for each target, authority and service config: kept for as long as somebody may call it again. */
  const channels = new Map();
  /** Those under way, by their id: a line `{ cancel: ID }` ends one. */
  const calls = new Map();
  const asIs = (bytes) => bytes;

  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const asked = JSON.parse(line);
      if (asked.cancel === undefined) make(asked);
      else calls.get(asked.cancel)?.cancel();
    })
    .on('close', () => process.exit(0));

  function make({ id, target, authority = '', serviceConfig, path, headers, timeoutMs }) {
    const metadata = new Metadata();
    for (const [name, value] of headers) metadata.add(name, value);
    const deadline = Date.now() + timeoutMs;
    const call = channelTo(target, authority, serviceConfig).makeUnaryRequest(
      path,
      asIs,
      asIs,
      Buffer.alloc(0),
      metadata,
      { deadline },
      (error, reply) => {
        calls.delete(id);
        const outcome = error
          ? { code: status[error.code], details: error.details }
          : { from: String(reply) };
        process.stdout.write(`${JSON.stringify({ id, ...outcome })}\n`);
      },
    );
    calls.set(id, call);
  }

  function channelTo(target, authority, serviceConfig) {
    const key = JSON.stringify([target, authority, serviceConfig]);
    const options = {
      ...(authority === '' ? {} : { 'grpc.default_authority': authority }),
      ...(serviceConfig === undefined ? {} : { 'grpc.service_config': JSON.stringify(serviceConfig) }),
    };
    const channel = channels.get(key) ?? new Client(target, credentials.createInsecure(), options);
    channels.set(key, channel);
    return channel;
  }
}
