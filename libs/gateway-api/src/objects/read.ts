import * as z from 'zod';
import { limits } from '../limits.ts';
import { metadata, metaOf, type Meta } from './meta.ts';

/**
 * What was read of an object. What cannot be read is that object's own fault and nobody else's: it is kept by name, with
 * the reason and with as much as tells whose it is.
 */
export type Read<Spec> = Spec & {
  meta: Meta;
  /** Why the rest of it is not there. */
  fault?: string;
};

type Metadata = z.output<typeof metadata>;

/** Made once: a form is compiled when it is first used. */
const namedObject = z.object({ metadata });

/**
 * @param form of the object but its `metadata`
 * @param fallback what stands for it when it has another form
 * @returns a reader, which gives undefined for what has no name, so that nobody could be told of it
 */
export function reader<F extends z.ZodType, Spec extends object>(
  kind: string,
  form: F,
  specOf: (given: z.output<F>, metadata: Metadata) => Spec,
  fallback: (object: unknown) => Spec,
): (object: unknown) => Read<Spec> | undefined {
  return (object) => {
    const named = namedObject.safeParse(object);
    if (!named.success) return undefined;
    const meta = metaOf(kind, named.data.metadata);
    const read = form.safeParse(object);
    if (read.success) return { ...specOf(read.data, named.data.metadata), meta };
    return { ...fallback(object), meta, fault: faultOf(read.error) };
  };
}

/** Of those fields that are there. */
export const namesOf = (fields: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(fields).filter((name) => fields[name] !== undefined && fields[name] !== null);

/** In one line: `spec.listeners[0].port: …`. */
export function faultOf({ issues }: z.ZodError): string {
  const lines = issues.slice(0, 5).map(({ path, message }) => {
    const field = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
    return field === '' ? message : `${field.replace(/^\./, '')}: ${message}`;
  });
  return short(lines.join('; '));
}

export const short = (text: string) =>
  text.length > limits.messageCharacters ? `${text.slice(0, limits.messageCharacters - 1)}…` : text;

/** One field of something unknown, as far as it can be read alone. */
export function field<F extends z.ZodType>(
  object: unknown,
  path: readonly string[],
  form: F,
): z.output<F> | undefined {
  let current = object;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string, unknown>)[step];
  }
  const read = form.safeParse(current);
  return read.success ? read.data : undefined;
}
