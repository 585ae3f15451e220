import { HeaderBlock, type HeaderField } from '@evenly/http2';
import { cookiePathOf, type PathMatch, type SessionPersistence } from '@evenly/mesh-config';

/** Of one name: paths that contain each other give a client several, and anybody may send more. */
const maxValues = 8;

/** What a request says of its session, the most specific first, as clients sort cookies (RFC 6265 §5.4). */
export function sessionValues({ fields }: HeaderBlock, { kind, name }: SessionPersistence): string[] {
  const values: string[] = [];
  for (const field of fields) {
    if (kind === 'header' && field.name === name) values.push(field.value);
    // Cookies may come in one field each (RFC 9113 §8.2.3).
    if (kind === 'cookie' && field.name === 'cookie') values.push(...cookiesNamed(name, field.value));
    if (values.length >= maxValues) break;
  }
  return values.slice(0, maxValues);
}

function* cookiesNamed(name: string, text: string): Iterable<string> {
  for (const pair of text.split(';')) {
    const [key, value] = splitOnce(pair, '=');
    if (key.trim() === name) yield value.trim().replace(/^"(.*)"$/, '$1');
  }
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * The response with the session that the client shall bring back.
 * @param path what the route matches
 * @param secure the client came by TLS
 */
export function withSession(
  block: HeaderBlock,
  persistence: SessionPersistence,
  path: PathMatch,
  value: string,
  secure: boolean,
): HeaderBlock {
  const field = sessionField(persistence, path, value, secure);
  const others =
    persistence.kind === 'cookie'
      ? block.fields // each `set-cookie` is a cookie of its own
      : block.fields.filter(({ name }) => name !== field.name);
  const fields = [...others, field];
  const listBytes = fields.reduce((sum, one) => sum + one.name.length + one.value.length + 32, 0);
  return new HeaderBlock(fields, listBytes, false);
}

function sessionField(
  persistence: SessionPersistence,
  match: PathMatch,
  value: string,
  secure: boolean,
): HeaderField {
  if (persistence.kind === 'header') return { name: persistence.name, value, sensitive: true };
  const { name, path = cookiePathOf(match), permanent, absoluteTimeoutMs } = persistence;
  const attributes = [
    `${name}=${value}`,
    `Path=${path}`,
    ...(permanent ? [`Max-Age=${Math.ceil(absoluteTimeoutMs! / 1000)}`] : []),
    ...(secure ? ['Secure'] : []), // a client in plaintext would drop it
    'HttpOnly',
    'SameSite=Strict', // as GEP-1619 has it
  ];
  return { name: 'set-cookie', value: attributes.join('; '), sensitive: true };
}
