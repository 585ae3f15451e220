/** Longer texts of a client are read no further, for that takes time. */
const maxRead = 65_536;
/** Longest name that is looked for, with what a quoting language adds to it. */
const maxName = 2048;
/** How Envoy ends what it cuts itself, at 4096 characters (Config::Utility::truncateGrpcStatusMessage). */
const cutByEnvoy = '...(truncated)';

/** Whether all of the client's words are there and read: it may have rejected more than they name. */
export const isReadInFull = (error: string): boolean =>
  error.length <= maxRead && !error.endsWith(cutByEnvoy);

/**
 * Finds the names in one client's wording; undefined when the text is not worded so. The xDS protocol has no field for
 * this ("the management server should not parse it" is no choice: one bad resource would be taken for all of them).
 */
type Reader = (
  error: string,
  find: (name: string) => string | undefined,
  names: readonly string[],
) => string[] | undefined;

/**
 * The resources of a response that the client's error names, by the wordings of the clients that there are. In a wording
 * that is known only the places that name a resource count: texts behind them speak of other resources too
 * (`unknown cluster 'good'`) and of anything else ("address already in use", where a listener may be called "address").
 * @param names of the response's resources, in its order
 * @returns none where nothing can be read
 */
export function rejectedNames(error: string, names: readonly string[]): ReadonlySet<string> {
  const text = error.slice(0, maxRead);
  const byForm = new Map(names.map((name) => [canonical(name), name]));
  for (const name of names) byForm.set(name, name);
  const find = (name: string) => byForm.get(name) ?? byForm.get(canonical(name));
  const read = readers.map((reader) => reader(text, find, names)).filter((found) => found !== undefined);
  return new Set(read.length > 0 ? read.flat() : byWords(text, find));
}

const readers: readonly Reader[] = [
  // Envoy's LdsApiImpl and CdsApiHelper: `Error adding/updating listener(s) NAME: …\nNAME: …\n`, clusters behind ", ".
  (error, find) => {
    const prefix = /^\s*Error adding\/updating (listener|cluster)(?:\(s\))?:?\s/.exec(error);
    if (prefix === null) return undefined;
    const separator = prefix[1] === 'listener' ? '\n' : ', ';
    return namesBeforeColon(error, prefix[0].length, separator, find);
  },
  // Envoy's routes and endpoints: `Unexpected RDS configuration (expecting NAME): OTHER`.
  (error, find) =>
    quoted(error, /Unexpected (?:RDS configuration|EDS cluster) \(expecting (.{1,2048}?)\): /gs, find),
  // C-core (C++, Python, Ruby, PHP), Node and undecodable ones in Java: `resource index 3: NAME: …`; some without a name.
  (error, _find, names) => {
    const places = [...error.matchAll(/\bresource index (\d{1,6})\b/gi)];
    if (places.length === 0) return undefined;
    return places.flatMap(([, index]) => names[Number(index)] ?? []);
  },
  // Go: `resource "NAME": …`, in Go's quotes.
  (error, find) => quoted(error, /\bresource ("(?:[^"\\]|\\.){1,2048}"): /gs, (name) => find(unquoted(name))),
  // Java: `LDS response Listener 'NAME' validation error: …`.
  (error, find) => quoted(error, /\b[CELR]DS response \w+ '(.{1,2048}?)' validation error: /gs, find),
  // Our own proxy: `cluster "NAME" …`, several behind "; ".
  (error, find) => quoted(error, /(?:^|; )(?:listener|route|cluster|endpoints) "(.{1,2048}?)" /gs, find),
];

function quoted(
  error: string,
  pattern: RegExp,
  find: (name: string) => string | undefined,
): string[] | undefined {
  const found = [...error.matchAll(pattern)];
  return found.length === 0 ? undefined : found.flatMap(([, name]) => find(name!) ?? []);
}

/** Names may hold colons, blanks and commas: at each place where one may begin, the longest that is known counts. */
function namesBeforeColon(
  error: string,
  start: number,
  separator: string,
  find: (name: string) => string | undefined,
): string[] {
  const found: string[] = [];
  for (let at = start; at < error.length;) {
    let longest: { name: string; end: number } | undefined;
    for (
      let end = error.indexOf(': ', at);
      end >= 0 && end - at <= maxName;
      end = error.indexOf(': ', end + 1)
    ) {
      const name = find(error.slice(at, end));
      if (name !== undefined) longest = { name, end };
    }
    if (longest !== undefined) found.push(longest.name);
    const next = error.indexOf(separator, longest?.end ?? at);
    if (next < 0) break;
    at = next + separator.length;
  }
  return found;
}

/** A wording that is not known: names in quotes, or else as words, with what a sentence may put behind them. */
function byWords(error: string, find: (name: string) => string | undefined): string[] {
  const inQuotes = quoted(error, /["'`]([^"'`]{1,2048})["'`]/g, find) ?? [];
  if (inQuotes.length > 0) return inQuotes;
  return error
    .split(/[^\w.:/@%+~-]+/)
    .flatMap((word) => find(word) ?? find(word.replace(/[.:]+$/, '')) ?? []);
}

/** Go's quotes are those of JSON for all that names have. */
function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}

/** An xdstp name as clients write it again: parameters in order (xRFC TP1), and nothing escaped. */
function canonical(name: string): string {
  if (!name.startsWith('xdstp:')) return name;
  const [path = '', query] = decoded(name).split('?', 2);
  return query === undefined ? path : `${path}?${query.split('&').sort().join('&')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
