import express, { type ErrorRequestHandler, type Router } from 'express';
import { readBehaviourPatch, showBehaviour, type LiveBehaviour } from './behaviour.ts';

/** `GET /behaviour` shows how this pod treats its calls, `PATCH /behaviour` changes it while it runs. */
export function addBehaviourRoutes(admin: Router, behaviour: LiveBehaviour): void {
  admin.get('/behaviour', (_request, response) => {
    response.json(showBehaviour(behaviour.now));
  });
  // Any content type: `curl -d` sends a form's, and there is only one thing that the body can be.
  admin.patch('/behaviour', express.json({ type: () => true, limit: '4kb' }), (request, response) => {
    const result = readBehaviourPatch(request.body);
    if (!result.ok) {
      response.status(400).json({ error: 'bad behaviour', faults: result.faults });
      return;
    }
    behaviour.change(result.patch);
    response.json(showBehaviour(behaviour.now));
  });
  admin.use('/behaviour', unreadableBody);
}

/** Turns the body parser's errors into the same form as other faults. */
const unreadableBody: ErrorRequestHandler = (
  error: { status?: number; message: string },
  _request,
  response,
  next,
) => {
  if (response.headersSent || error.status === undefined || error.status >= 500) {
    next(error);
    return;
  }
  const faults = [{ field: 'body', reason: error.message }];
  response.status(error.status).json({ error: 'bad behaviour', faults });
};
