/** Host names of listeners and routes: `shop.example.org`, `*.example.org` (any name below it), and "" for every name. */

/** Names that cover a name, the most specific one first: itself, `*.example.org`, `*.org`, "". */
export function coveringNames(name: string): string[] {
  if (name === '') return [''];
  const names = [name];
  const labels = (name.startsWith('*.') ? name.slice(2) : name).split('.');
  for (let skipped = 1; skipped < labels.length; skipped++)
    names.push(`*.${labels.slice(skipped).join('.')}`);
  return [...names, ''];
}

const covers = (general: string, special: string) =>
  general === '' ||
  general === special ||
  (general.startsWith('*.') && special.endsWith(general.slice(1)) && special.length > general.length - 1);

/** The names that both stand for; undefined: there are none. */
export function intersection(one: string, other: string): string | undefined {
  if (covers(one, other)) return other;
  return covers(other, one) ? one : undefined;
}
