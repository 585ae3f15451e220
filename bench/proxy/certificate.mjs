// A certificate of the bench's own, which is worth nothing anywhere else: `node bench/proxy/certificate.mjs DIRECTORY`.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** As openssl takes them. A signature by RSA costs ten times one by ECDSA, so both sides must have the same. */
const keys = { ecdsa: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], rsa: ['rsa:2048'] };

/** Writes `certificate.pem` and `key.pem`, and both in one file as HAProxy wants them. */
export function makeCertificate(directory, key) {
  if (!(key in keys)) throw new Error(`no such key: ${key}; there are ${Object.keys(keys).join(' and ')}`);
  const certificatePath = join(directory, 'certificate.pem');
  const keyPath = join(directory, 'key.pem');
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const files = ['-keyout', keyPath, '-out', certificatePath];
  const args = ['req', '-x509', '-nodes', '-days', '2', '-newkey', ...keys[key], ...names, ...files];
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const both = [certificatePath, keyPath].map((file) => readFileSync(file, 'utf8')).join('');
  writeFileSync(join(directory, 'both.pem'), both, { mode: 0o600 });
}

if (import.meta.filename === process.argv[1]) makeCertificate(process.argv[2] ?? '.', 'ecdsa');
