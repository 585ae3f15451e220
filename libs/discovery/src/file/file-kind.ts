import type { SourceKind } from '../source-kind.ts';
import { badTarget } from '../target.ts';
import { fileSource } from './file-source.ts';

export const fileKind: SourceKind<{ path: string }> = {
  make: ({ path }) => fileSource({ path }),
  isWritten: true,
  schemes: [
    {
      name: 'file',
      source: (uri, { options }) => {
        if (uri.authority) throw badTarget(uri, 'file:///absolute/path.json or file:relative/path.json');
        // grpc-js takes the third slash of file:///path for the end of an empty authority.
        const path = uri.authority === undefined ? uri.path : `/${uri.path}`;
        return fileSource({ path, ...options.file });
      },
      authority: () => 'localhost',
    },
  ],
};
