import { targetSchemes } from '@evenly/discovery';
import * as z from 'zod';

/** By grpc-js, grpc-js-xds and @evenly/discovery/grpc-js. */
const ofDiscovery = targetSchemes.map(({ name }) => name);
export const schemes = ['dns', 'ipv4', 'ipv6', 'unix', 'xds', ...ofDiscovery];

/** Whether its endpoints come from @evenly/discovery. */
export const isOfDiscovery = (target: string): boolean => ofDiscovery.includes(target.split(':')[0]!);

const withScheme = /^([a-z][a-z0-9+.-]*):(?!\d+$)(.*)$/;
/** `server:50051`, `[::1]:50051` or `server`: what other systems' clients are given. */
const hostPort = /^(\[[0-9a-fA-F:.%]+\]|[^\s:/[\]]+)(:\d{1,5})?$/;

/**
 * From what a person gives to a gRPC target: `server:50051` becomes `dns:///server:50051`, which is what gRPC itself
 * makes of it, but shown. What comes after the scheme is its resolver's to judge.
 */
export const target = () =>
  z.string().transform((text, context) => {
    const wanted = `expected HOST:PORT or a gRPC target with a scheme (${schemes.join(', ')})`;
    const fault = (reason: string) => {
      context.addIssue({ code: 'custom', message: `${wanted}, got ${JSON.stringify(text)}${reason}` });
      return z.NEVER;
    };
    const [, scheme, rest] = withScheme.exec(text) ?? [];
    if (scheme === undefined) {
      const port = Number(/:(\d+)$/.exec(text)?.[1] ?? 0);
      return hostPort.test(text) && port <= 65_535 ? `dns:///${text}` : fault('');
    }
    if (!schemes.includes(scheme)) return fault(`: no scheme ${scheme}:`);
    return /^(\/\/[^/]*\/)?[^\s]+$/.test(rest ?? '') && !/^\/*$/.test(rest ?? '')
      ? text
      : fault(`: nothing to call after ${scheme}:`);
  });
