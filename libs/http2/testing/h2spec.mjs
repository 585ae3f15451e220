// Runs h2spec v2.2.1 against a server on the engine: `npm run h2spec` (needs `h2spec` on the PATH or in $H2SPEC).
// With $TLS_KEY and $TLS_CERT (PEM files) it runs over TLS.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createHttp2Server, headerList, SocketLoop, StartingSockets, TlsHandshakes } from '../dist/index.js';

const answer = headerList([[':status', '200']], { reusable: true });
const body = Buffer.from('an answer with a body');

const { TLS_KEY, TLS_CERT } = process.env;
const starting = new StartingSockets({ maxStarting: 100, onFailed: () => {} });
const tls =
  TLS_KEY && TLS_CERT
    ? new TlsHandshakes({ key: readFileSync(TLS_KEY), cert: readFileSync(TLS_CERT) }, starting)
    : undefined;

const server = createHttp2Server({
  ...(tls && { tls }),
  loop: new SocketLoop(),
  accept: (connection) => {
    const reply = (stream) => {
      connection().sendHeaders(stream, answer, false);
      connection().sendData(stream, body, 0, body.length, true);
    };
    return {
      onHeaders: (stream, _block, _kind, endStream) => endStream && reply(stream),
      onData: (stream, _bytes, start, end, endStream) => {
        connection().consume(stream, end - start);
        if (endStream) reply(stream);
      },
      onReset: () => {},
      onClose: () => {},
    };
  },
});

server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const args = ['-h', '127.0.0.1', '-p', String(port), ...(tls ? ['-t', '-k'] : [])];
  args.push(...process.argv.slice(2));
  const run = spawn(process.env.H2SPEC ?? 'h2spec', args, { stdio: 'inherit' });
  run.on('error', (error) => {
    console.error(`h2spec not run: ${error.message}`);
    process.exit(2);
  });
  run.on('exit', (code) => process.exit(code ?? 1));
});
