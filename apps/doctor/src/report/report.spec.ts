import { describe, expect, it } from 'vitest';
import { diagnose } from '../findings/index.ts';
import { calling, inventoryOf, server } from '../testing/inventory-of.ts';
import { jsonReport } from './json.ts';
import { textReport } from './text.ts';
import { wrap } from './wrap.ts';

const pinned = server({ container: '' }) + calling('dns:///cart:50051');
const textOf = async (yaml: string, { width = 80, forbidden = [] as string[] } = {}) =>
  textReport(diagnose(await inventoryOf(yaml, forbidden)), { width });

describe('textReport', () => {
  it('begins with whether calls are balanced, and what is wrong', async () => {
    const [first, , question, answer, wrong] = (await textOf(pinned)).split('\n');
    expect([first, question, answer, wrong]).toEqual([
      '1 gRPC Service in the cluster',
      'Are the calls balanced?',
      '  No: each client keeps to one pod, by its one connection: shop/cart',
      'What is wrong? 2 errors, 1 warning, 0 notes.',
    ]);
  });

  it('fits a terminal of 80 columns, but for manifests, and has no colours of its own', async () => {
    const lines = (await textOf(pinned)).split('\n');
    const prose = lines.filter((line) => !line.startsWith(' '.repeat(8)));
    expect(prose.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.join('')).not.toContain('\u001b');
  });

  it('has the manifest lines as they can be applied, and says which finding it is', async () => {
    const text = await textOf(pinned);
    expect(text).toContain('ERROR  Each client sends all its calls to one pod. [one-connection]\n');
    expect(text).toContain('    seen: shop/deployment/web: env CART=dns:///cart:50051\n');
    expect(text).toContain('        kind: GRPCRoute\n        metadata: { name: cart, namespace: shop }\n');
  });

  it('says first what could not be looked at', async () => {
    const text = await textOf(server() + calling('k8s:///cart.shop:grpc'), { forbidden: ['pods'] });
    expect(text).toMatch(
      /What is wrong\? .*\n\nNot everything could be looked at, so this report is not complete:\n {2}- pods: RBAC does not/,
    );
  });

  it('says that clients elsewhere were not looked at, where namespaces were named', async () => {
    const inventory = await inventoryOf(server());
    const text = textReport(diagnose({ ...inventory, namespaces: ['shop'] }), { width: 100 });
    expect(text).toMatch(/^1 gRPC Service in namespace shop\n/);
    expect(text.replaceAll('\n', ' ')).toContain('outside of these namespaces are not seen.');
  });

  it('says what a gRPC Service is where there is none', async () => {
    expect(await textOf('')).toMatch(
      /^No gRPC Service was found in the cluster\.\nA Service counts as gRPC if/,
    );
  });

  it('explains once what several Services have', async () => {
    const other =
      server().replaceAll('cart', 'stock') + calling('dns:///stock:50051').replaceAll('web', 'shelf');
    const text = await textOf(server() + calling('dns:///cart:50051') + '---' + other);
    expect(text.split('A gRPC client keeps one HTTP/2 connection')).toHaveLength(2);
    expect(text).toContain('To change: as for shop/cart, with the names of this Service;');
  });
});

describe('jsonReport', () => {
  it('has a stable form', async () => {
    expect(jsonReport(diagnose(await inventoryOf(server() + calling('k8s:///cart.shop:grpc'))))).toEqual({
      version: 1,
      namespaces: [],
      isComplete: true,
      notRead: [],
      containersWithHiddenEnvironment: 0,
      services: [
        {
          namespace: 'shop',
          name: 'cart',
          type: 'ClusterIP',
          role: 'server',
          programs: [],
          ports: [
            {
              ...{ name: 'grpc', port: 50051, appProtocol: 'grpc', saysGrpc: true },
              evidence: ['appProtocol: grpc'],
            },
          ],
          workloads: [{ kind: 'Deployment', name: 'cart', replicas: 3 }],
          balanced: 'per-call',
          clients: [
            {
              ...{ kind: 'Deployment', namespace: 'shop', name: 'web', carrier: 'client-api', by: 'client' },
              ...{ balances: 'calls', endpointsFrom: 'kubernetes', certainty: 'seen' },
              ...{ evidence: ['env CART=k8s:///cart.shop:grpc'], target: 'k8s:///cart.shop:grpc' },
            },
          ],
          splits: [],
          findings: [],
        },
      ],
    });
  });
});

describe('wrap', () => {
  it('breaks between words, and leaves long ones whole', () => {
    expect(wrap('one two three-and-more four', 9, '- ', '  ')).toEqual([
      '- one two',
      '  three-and-more',
      '  four',
    ]);
  });
});
