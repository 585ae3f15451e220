import { HeaderBlock } from '@evenly/http2';
import { changedPath, type Route } from '@evenly/mesh-config';

/** A request as the route has endpoints asked for it. @param block admitted, and the route's */
export function withRewrite(block: HeaderBlock, route: Route | undefined): HeaderBlock {
  if (route?.rewrite === undefined) return block;
  const { hostname, path } = route.rewrite;
  const fields = block.fields.map((one) => {
    if (one.name === ':authority' && hostname !== undefined) return { ...one, value: hostname };
    if (one.name !== ':path' || path === undefined) return one;
    return { ...one, value: changedPath(path, route.match.path, one.value) };
  });
  if (hostname !== undefined && !fields.some(({ name }) => name === ':authority'))
    fields.unshift({ name: ':authority', value: hostname, sensitive: false });
  const listBytes = fields.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
  return new HeaderBlock(fields, listBytes, block.reusable);
}
