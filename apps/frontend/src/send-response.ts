import type { Request, Response } from 'express';
import { oneLine, type ServiceResponse } from './service-response.ts';
import { responsePage } from './html.ts';

/** Sends a response as JSON, plain text or HTML, whichever the client wants most. */
export function sendResponse(
  request: Request,
  response: Response,
  service: string,
  result: ServiceResponse,
): void {
  const { httpStatus, error, report } = result;
  // With nothing to list, a client that does not care gets the error as text, as from the reference system.
  const preference = error && !report?.messages.length ? ['text', 'json', 'html'] : ['json', 'text', 'html'];
  const form = request.accepts(preference);
  response.status(httpStatus).vary('Accept').set('Cache-Control', 'no-store');
  if (form === 'html') {
    response
      .type('html')
      .set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    response.send(responsePage(service, result));
  } else if (form === 'text' || (form === false && preference[0] === 'text')) {
    const lines = [...(error ? [error.message] : []), ...(report?.messages ?? []).map(oneLine)];
    response.type('text').send(`${lines.join('\n')}\n`);
  } else {
    response.type('json').send(`${JSON.stringify(jsonBody(result), null, 2)}\n`);
  }
}

function jsonBody({ error, report }: ServiceResponse): unknown {
  if (!error) return report?.messages;
  if (!report) return { error: error.message, code: error.code };
  const { failed, calls, messages } = report;
  return { error: error.message, code: error.code, failed, calls, messages };
}
