import { json, type AdminRequest, type AdminResponse, type AdminRoutes } from '@evenly/service';
import { readBehaviourPatch, showBehaviour, type LiveBehaviour } from './behaviour.ts';

const maxBodyBytes = 4096;

/** `GET /behaviour` shows how this pod treats its calls, `PATCH /behaviour` changes it while it runs. */
export function addBehaviourRoutes(admin: AdminRoutes, behaviour: LiveBehaviour): void {
  const show = () => json(showBehaviour(behaviour.now));
  admin.get('/behaviour', show);
  // Any content type: `curl -d` sends a form's, and there is only one thing that the body can be.
  admin.patch('/behaviour', async (request: AdminRequest) => {
    const text = await request.text(maxBodyBytes);
    if (text === undefined)
      // What is left of the body is not read.
      return refusal(413, unreadable('request entity too large'), { connection: 'close' });
    const body = parsed(text);
    if (body.error !== undefined) return refusal(400, unreadable(body.error));
    const result = readBehaviourPatch(body.value);
    if (!result.ok) return refusal(400, result.faults);
    behaviour.change(result.patch);
    return show();
  });
}

function parsed(text: string): { value?: unknown; error?: string } {
  try {
    return { value: text === '' ? {} : JSON.parse(text) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const unreadable = (reason: string) => [{ field: 'body', reason }];

const refusal = (
  status: number,
  faults: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): AdminResponse => json({ error: 'bad behaviour', faults }, { status, headers });
