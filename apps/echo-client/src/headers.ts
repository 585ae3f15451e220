import { Metadata } from '@grpc/grpc-js';
import { z } from 'zod';

/** Comma-separated `name=value`, sent as metadata with each call. */
export const headers = () =>
  z.string().transform((text, context) => {
    const metadata = new Metadata();
    for (const item of text.split(',').map((part) => part.trim())) {
      if (item === '') continue;
      const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(item) ?? [];
      const fault = faultOf(metadata, name, value);
      if (fault !== undefined) {
        context.addIssue({ code: 'custom', message: `${JSON.stringify(item)}: ${fault}` });
      }
    }
    return metadata;
  });

/** Sets the header. @returns what is wrong with it, if that cannot be done */
function faultOf(metadata: Metadata, name: string, value: string): string | undefined {
  if (name === '') return 'expected name=value, such as x-canary=always';
  if (name.endsWith('-bin'))
    return 'a header whose name ends with -bin is binary, and cannot be given as text';
  if (/^(grpc-|:)/i.test(name)) return 'gRPC sets headers with such names itself';
  try {
    metadata.add(name, value);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
