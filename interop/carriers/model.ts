import type { Call, Header, Match, Routing, Text } from './routing.ts';

/** How several headers with one name are compared with a condition: as one text, joined by `,`, or one is enough. */
export type ManyHeaders = 'joined' | 'any';

/**
 * Which service a call goes to, as `docs/mesh-config.md` says it, or undefined when no route takes it. Written for
 * clarity and apart from the product, which it judges: each sentence of the docs is a line here.
 */
export function serviceOf(
  routing: Routing,
  call: Call,
  manyHeaders: ManyHeaders = 'joined',
): string | undefined {
  return firstRoute(routing, { ...call, authority: effectiveAuthority(call) }, manyHeaders);
}

/** "Another authority that an application gives to its channel counts where it is of the target's host; else the target does." */
function effectiveAuthority({ authority, target = authority }: Call): string {
  return partsOf(authority)[0] === partsOf(target)[0] ? authority : target;
}

/** Whether any route could be for a target's host: xDS has a listener of its name only then. */
export function isNamed({ services, routes }: Routing, authority: string): boolean {
  const named = [...services, ...routes.map(({ match }) => match.authority)];
  return named.some((one) => one === undefined || partsOf(one)[0] === partsOf(authority)[0]);
}

/** "The first route whose conditions all hold gets the call. After all of them comes an implicit route for each service." */
function firstRoute(routing: Routing, call: Call, manyHeaders: ManyHeaders): string | undefined {
  const named = new Set(routing.routes.map(({ match }) => match.authority?.toLowerCase()));
  const implicit = routing.services.filter((name) => !named.has(name.toLowerCase()));
  const route = routing.routes.find(({ match }) => holds(match, call, manyHeaders));
  return route?.to[0].service ?? implicit.find((name) => authorityHolds(name, call.authority));
}

function holds(
  { authority, path, method, headers = [] }: Match,
  call: Call,
  manyHeaders: ManyHeaders,
): boolean {
  return (
    (authority === undefined || authorityHolds(authority, call.authority)) &&
    (path === undefined || textHolds(path, call.path)) &&
    (method === undefined || method === 'POST') && // which every gRPC call is
    headers.every((condition) => headerHolds(condition, call, manyHeaders))
  );
}

/** "Case ignored; without a port it holds for every port." A dot at the end and zeros before the port are ignored too. */
function authorityHolds(wanted: string, given: string): boolean {
  const [host, port] = partsOf(wanted);
  const [givenHost, givenPort] = partsOf(given);
  return host === givenHost && (port === undefined || port === givenPort);
}

function partsOf(authority: string): [host: string, port: number | undefined] {
  const [host = '', port = ''] = authority.toLowerCase().split(':');
  return [host.replace(/\.$/, ''), port === '' ? undefined : Number(port)];
}

/** "A header that is not there fulfils nothing but `present` with `invert`." Several with one name count as one. */
function headerHolds(condition: Header, { headers }: Call, manyHeaders: ManyHeaders): boolean {
  const values = [...headers, ...ofEveryCall].filter(([name]) => name === condition.name);
  const isThere = values.length > 0;
  const { invert = false } = condition;
  if ('present' in condition) return isThere !== invert;
  const texts = values.map(([, value]) => value);
  const compared = manyHeaders === 'joined' ? [texts.join(',')] : texts;
  return isThere && compared.some((text) => textHolds(condition, text)) !== invert;
}

/** What every gRPC call has besides the application's metadata (gRPC over HTTP/2). */
const ofEveryCall = [
  ['te', 'trailers'],
  ['content-type', 'application/grpc'],
] as const;

/** "RE2 syntax, of the whole value." */
function textHolds(match: Text, text: string): boolean {
  if ('exact' in match) return text === match.exact;
  if ('prefix' in match) return text.startsWith(match.prefix);
  return new RegExp(`^(?:${match.regex})$`).test(text);
}
