import { HeaderBlock, type HeaderField } from '@evenly/http2';
import type { AdmissionRules } from './admitted-request.ts';
import { maxHops, nextHop, viaField } from './hops.ts';

/** How a connection's requests come in, and what they are told to come from. */
export interface ForwardedBy extends AdmissionRules {
  /** The client's IP address. */
  address: string;
  proto: 'http' | 'https';
  /** Of HTTP. */
  version: '1.1' | '2.0';
  /** The client is a proxy of ours: what it says is kept and added to. Else it is dropped, for anybody can say it. */
  trusted: boolean;
}

const own: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'forwarded',
]);

/** The block with `x-forwarded-for`, `-proto`, `-host` and `via`, and without the fields of these names that are not wanted. */
export function withForwarded(
  block: HeaderBlock,
  by: ForwardedBy,
  dropped: ReadonlySet<string>,
): HeaderBlock {
  const { authority, method } = block.asRequest();
  const kept = block.fields.filter(({ name }) => !own.has(name) && !dropped.has(name));
  const fields = nextHop(kept, method);
  const said = (name: string) => (by.trusted ? valuesOf(block, name) : []);
  const hops = said('x-forwarded-for')
    .flatMap((value) => value.split(','))
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
  fields.push(field('x-forwarded-for', [...hops, by.address].slice(-maxHops).join(', ')));
  fields.push(field('x-forwarded-proto', said('x-forwarded-proto')[0] ?? by.proto));
  const host = said('x-forwarded-host')[0] ?? authority;
  if (host !== '') fields.push(field('x-forwarded-host', host));
  for (const value of said('forwarded')) fields.push(field('forwarded', value));
  fields.push(viaField(by.version));
  const listBytes = fields.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
  return new HeaderBlock(fields, listBytes, block.reusable);
}

function valuesOf({ fields }: HeaderBlock, wanted: string): string[] {
  return fields.filter(({ name }) => name === wanted).map(({ value }) => value);
}

const field = (name: string, value: string): HeaderField => ({ name, value, sensitive: false });
