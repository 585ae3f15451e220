import { HeaderBlock, type HeaderField } from '@evenly/http2';

/** What a request is told to come from. */
export interface ForwardedBy {
  /** The client's IP address. */
  address: string;
  proto: 'http' | 'https';
  /** The client is a proxy of ours: what it says is kept and added to. Else it is dropped, for anybody can say it. */
  trusted: boolean;
}

const own: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'forwarded',
]);

/** How many addresses of a chain are kept, so that it does not grow in a loop. */
const maxHops = 32;

/** The block with `x-forwarded-for`, `-proto` and `-host`, and without the fields of these names that are not wanted. */
export function withForwarded(
  block: HeaderBlock,
  by: ForwardedBy,
  dropped: ReadonlySet<string>,
): HeaderBlock {
  const fields = block.fields.filter(({ name }) => !own.has(name) && !dropped.has(name));
  const said = (name: string) => (by.trusted ? valuesOf(block, name) : []);
  const hops = said('x-forwarded-for')
    .flatMap((value) => value.split(','))
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
  const { authority } = block.asRequest();
  fields.push(field('x-forwarded-for', [...hops, by.address].slice(-maxHops).join(', ')));
  fields.push(field('x-forwarded-proto', said('x-forwarded-proto')[0] ?? by.proto));
  const host = said('x-forwarded-host')[0] ?? authority;
  if (host !== '') fields.push(field('x-forwarded-host', host));
  for (const value of said('forwarded')) fields.push(field('forwarded', value));
  const listBytes = fields.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
  return new HeaderBlock(fields, listBytes, block.reusable);
}

function valuesOf({ fields }: HeaderBlock, wanted: string): string[] {
  return fields.filter(({ name }) => name === wanted).map(({ value }) => value);
}

const field = (name: string, value: string): HeaderField => ({ name, value, sensitive: false });
