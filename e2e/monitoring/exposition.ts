/** A metric as Prometheus' text format has it. */
export interface Exposed {
  name: string;
  type: string;
  help: string;
  /** Names of its rows, which are several for a histogram, to each row's labels and value. */
  rows: { name: string; labels: Readonly<Record<string, string>>; value: number }[];
}

const row = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const label = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** @throws Error at a line that is none of the format, or a row whose metric was not announced */
export function parseExposition(text: string): Exposed[] {
  const metrics = new Map<string, Exposed>();
  const of = (name: string) => {
    const found = metrics.get(name) ?? { name, type: '', help: '', rows: [] };
    metrics.set(name, found);
    return found;
  };
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, kind, announced = '', said = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') of(announced).help = said;
    else if (kind === 'TYPE') of(announced).type = said;
    else {
      const [, name, labels = '', value] = row.exec(line) ?? [];
      const metric = metrics.get(name ?? '') ?? metrics.get(name?.replace(/_(bucket|sum|count)$/, '') ?? '');
      if (name === undefined || metric === undefined) throw new Error(`no row of a metric: ${line}`);
      const pairs = [...labels.matchAll(label)].map(([, key, text]) => [key, text] as const);
      metric.rows.push({
        name,
        labels: Object.fromEntries(pairs) as Record<string, string>,
        value: Number(value),
      });
    }
  }
  return [...metrics.values()];
}
