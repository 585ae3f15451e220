import { isDeepStrictEqual } from 'node:util';
import type { ObjectStatus } from '@evenly/gateway-api';

type Json = Readonly<Record<string, unknown>>;

/**
 * What to write so that the status that stands there becomes the wanted one: a condition keeps its time unless it is so
 * only now, and entries of other controllers stay as they stand there, for they may be newer than what was translated.
 * @returns a merge patch; undefined: it stands there already
 */
export function statusPatch(
  wanted: ObjectStatus['status'],
  standing: unknown,
  { controllerName, now }: { controllerName: string; now: Date },
): { status: Json } | undefined {
  const before = fieldsOf(standing);
  if (stands(wanted, before, controllerName)) return undefined;
  const time = now.toISOString().replace(/\.\d+Z$/, 'Z');
  const next = Object.entries(wanted).map(([field, value]): [string, unknown] => {
    const written = timed(field, value, before[field], time);
    const max = maxShared[field];
    if (max === undefined) return [field, written];
    return [field, shared(listOf(before[field]), listOf(written), controllerName).slice(0, max)];
  });
  const changed = next.filter(
    ([field, value]) => !isDeepStrictEqual(value, before[field] ?? emptyLike(value)),
  );
  return changed.length === 0 ? undefined : { status: Object.fromEntries(changed) };
}

/** Whether there is no need to look any further: each status that is written comes back, hundreds of them after a storm of routes. */
function stands(wanted: object, standing: Json, controllerName: string): boolean {
  return Object.entries(wanted).every(([field, value]: [string, unknown]) => {
    const written = field in maxShared ? entriesOf(standing[field], controllerName) : standing[field];
    return isSame(value, written);
  });
}

/** But for the times of conditions. */
function isSame(wanted: unknown, written: unknown): boolean {
  if (Array.isArray(wanted)) {
    const list = written as readonly unknown[];
    return (
      Array.isArray(written) &&
      wanted.length === list.length &&
      wanted.every((one, i) => isSame(one, list[i]))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return wanted === written;
  const fields = fieldsOf(written);
  const size = Object.keys(fields).length - (typeof fields.lastTransitionTime === 'string' ? 1 : 0);
  const entries = Object.entries(wanted);
  return size === entries.length && entries.every(([name, value]) => isSame(value, fields[name]));
}

/** In any list of several controllers, the entries of one. What has no controller makes the list another one. */
const entriesOf = (list: unknown, controllerName: string): unknown =>
  Array.isArray(list)
    ? list.filter((entry) => {
        const { controllerName: by } = fieldsOf(entry);
        return typeof by !== 'string' || by === controllerName;
      })
    : list;

/** Lists that several controllers write, and how many entries the API takes. */
const maxShared: Readonly<Record<string, number>> = { parents: 32, ancestors: 16 };

/** Lists whose entries have conditions, and what tells one entry from another. */
const namedBy: Readonly<Record<string, (entry: Json) => unknown>> = {
  listeners: ({ name }) => name,
  parents: ({ controllerName, parentRef }) => [controllerName, parentRef],
  ancestors: ({ controllerName, ancestorRef }) => [controllerName, ancestorRef],
};

/** In the order that stands there, so that nobody sees a change where there is none. */
function shared(standing: readonly Json[], wanted: readonly Json[], controllerName: string): Json[] {
  const isOurs = (entry: Json) => entry.controllerName === controllerName;
  const left = wanted.filter(isOurs);
  const kept = standing.flatMap((entry) => {
    if (typeof entry.controllerName !== 'string') return []; // nobody's
    if (!isOurs(entry)) return [entry];
    const index = left.findIndex((one) => sameSubject(one, entry));
    return index < 0 ? [] : left.splice(index, 1);
  });
  return [...kept, ...left];
}

const sameSubject = (one: Json, other: Json) =>
  isDeepStrictEqual(one.parentRef ?? one.ancestorRef, other.parentRef ?? other.ancestorRef);

/** A list that is not there is as good as an empty one. */
const emptyLike = (value: unknown) => (Array.isArray(value) ? [] : undefined);

function timed(field: string, value: unknown, before: unknown, time: string): unknown {
  if (!Array.isArray(value)) return value;
  const entries = value.map(fieldsOf);
  if (field === 'conditions') return entries.map((one) => timedCondition(one, before, time));
  const nameOf = namedBy[field];
  if (nameOf === undefined) return value;
  return entries.map((entry) => {
    const same = listOf(before).find((one) => isDeepStrictEqual(nameOf(one), nameOf(entry)));
    return { ...entry, conditions: timed('conditions', entry.conditions, same?.conditions, time) };
  });
}

function timedCondition(condition: Json, before: unknown, time: string): Json {
  const same = listOf(before).find(({ type }) => type === condition.type);
  const isSame = same !== undefined && same.status === condition.status;
  return { ...condition, lastTransitionTime: (isSame && same.lastTransitionTime) || time };
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.map(fieldsOf) : []);

const fieldsOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
