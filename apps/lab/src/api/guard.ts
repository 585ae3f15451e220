import type { RequestHandler } from 'express';
import { LabError } from '../errors.ts';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Keeps web pages from driving the lab through the browser of the person who runs it. Two ways are known:
 * a name of theirs that resolves to 127.0.0.1 (DNS rebinding; Host is then not a loopback name), and a cross-site POST
 * without preflight (Origin is then not ours).
 */
export const onlyFromHere: RequestHandler = (request, _response, next) => {
  const { host = '', origin } = request.headers;
  const name = host.replace(/:\d+$/, '');
  if (!loopbackNames.includes(name)) {
    throw new LabError(
      'FORBIDDEN',
      `Host ${JSON.stringify(host)} is not this machine; use localhost or 127.0.0.1`,
    );
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    throw new LabError('FORBIDDEN', `requests of web pages from ${origin} are refused`);
  }
  next();
};

/** A body has to say that it is JSON: that is what makes a browser ask first (preflight), and express parse it. */
export const onlyJson: RequestHandler = (request, _response, next) => {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  if (hasBody && !request.is('application/json')) {
    throw new LabError(
      'BAD_REQUEST',
      'send JSON, with the header content-type: application/json (curl: --json)',
    );
  }
  next();
};
