import { ErrorCode, headerList } from '@evenly/http2';
import { locationOf, type Route } from '@evenly/mesh-config';
import type { RequestPlan } from '../../routing/request-plan.ts';
import type { ClientSide, ClientStream } from '../client-side.ts';

/** Ends a call by telling the client where to ask instead. @param route which has a redirect @returns its HTTP status */
export function respondWithRedirect(
  client: ClientSide,
  stream: ClientStream,
  { block, scheme }: RequestPlan<unknown>,
  { redirect, match }: Route,
  requestEnded: boolean,
): number {
  const { authority, path } = block.asRequest();
  // What the client has spoken, be it to a proxy before us.
  const asked = { scheme: block.get('x-forwarded-proto') ?? scheme, authority, path };
  const headers = headerList([
    [':status', String(redirect!.status)],
    ['location', locationOf(redirect!, match.path, asked)],
    ['content-length', '0'],
    ['date', new Date().toUTCString()], // RFC 9110 §6.6.1
  ]);
  client.sendHeaders(stream, headers, true);
  if (!requestEnded) client.reset(stream, ErrorCode.NO_ERROR);
  return redirect!.status;
}
