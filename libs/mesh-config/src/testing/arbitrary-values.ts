import fc from 'fast-check';
import { grpcCodes, type GrpcCode } from '../grpc-code.ts';

/** What fields of a config can hold, for property tests. */

export const maybe: { requiredKeys: [] } = { requiredKeys: [] };
export const failureCode = fc.constantFrom(...grpcCodes.slice(1)) as fc.Arbitrary<Exclude<GrpcCode, 'OK'>>;
export const ms = (min = 1) =>
  fc.oneof(
    fc.integer({ min, max: 86_400_000 }),
    fc.integer({ min: 1, max: 1440 }).map((m) => m * 60_000),
  );
export const percent = fc
  .oneof(fc.integer({ min: 0, max: 100 }), fc.double({ min: 0, max: 100, noNaN: true }))
  .map((n) => n + 0); // no -0
export const port = fc.integer({ min: 1, max: 65_535 });
export const name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,12}[A-Za-z0-9])?$/);
export const text = fc.string({ minLength: 1, maxLength: 20 });
export const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
export const path = fc.stringMatching(/^\/?[a-z]{1,8}(\/[a-z]{1,8}\.yaml)?$/);
export const refreshMs = fc.integer({ min: 10, max: 3_600_000 });
export const header = fc.stringMatching(/^x-[a-z0-9]{1,10}$/).filter((one) => one !== 'x-bin'); // binary metadata
export const regex = fc.constantFrom('.*', '/echo\\..*', '[a-z]+(foo|bar)?', '(?i)always');
export const uniqueNames = (max: number) =>
  fc.uniqueArray(name, { selector: (one) => one.toLowerCase(), maxLength: max });
