import { credentials, Metadata } from '@grpc/grpc-js';
import { EchoServerClient } from '@evenly/proto/echo/echo';
import { PortForward } from '../port-forward.ts';

/** Calls from outside the cluster through a gateway's pod, all over one connection. @returns from pod to answers */
export async function callThroughGateway(
  namespace: string,
  pod: string,
  calls: number,
): Promise<Map<string, number>> {
  const forward = await PortForward.open(namespace, pod, 50051);
  const client = new EchoServerClient(new URL(forward.url).host, credentials.createInsecure());
  try {
    const byPod = new Map<string, number>();
    for (let call = 0; call < calls; call++) {
      const answering = await sayHello(client);
      byPod.set(answering, (byPod.get(answering) ?? 0) + 1);
    }
    return byPod;
  } finally {
    client.close();
    await forward.close();
  }
}

const sayHello = (client: EchoServerClient) =>
  new Promise<string>((resolve, reject) => {
    const deadline = Date.now() + 5000;
    client.sayHello({ name: 'gateway' }, new Metadata(), { deadline }, (error, reply) => {
      if (error) reject(error);
      else resolve(reply.message.split(' from hostname ')[1] ?? reply.message);
    });
  });
