/** What the frontend answered. */
export interface Answer {
  status: number;
  text: string;
  /** The messages of the calls that succeeded. */
  messages: string[];
  /** From the pod's name to the number of its answers. */
  byPod: Map<string, number>;
  failed: number;
}

/**
 * Asks a frontend to call a service.
 * @param url such as `http://127.0.0.1:8080`
 * @param headers of the request
 */
export async function callFrontend(
  url: string,
  service: string,
  calls: number | string = 15,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}/${service}?calls=${calls}`, { headers });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  const body = isJson ? (JSON.parse(text) as string[] | { messages?: string[]; failed?: number }) : {};
  const messages = Array.isArray(body) ? body : (body.messages ?? []);
  const failed = Array.isArray(body) ? 0 : (body.failed ?? 0);
  return { status: response.status, text, messages, byPod: countByPod(messages), failed };
}

function countByPod(messages: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const message of messages) {
    const pod =
      /^Hello unary RPC msg {3}from hostname (\S+)$/.exec(message)?.[1] ?? `not a reply: ${message}`;
    counts.set(pod, (counts.get(pod) ?? 0) + 1);
  }
  return counts;
}
