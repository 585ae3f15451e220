import { clientNames, clients } from './clients.ts';
import { features } from './features/index.ts';

/** The table as Markdown, which docs/client-support.md holds. */
export function clientSupportTable(): string {
  const notes: string[] = [];
  const noteOf = (text: string) => {
    const known = notes.indexOf(text);
    return known >= 0 ? known + 1 : notes.push(text);
  };
  const rows = features.map(({ title, clients: differences }) => {
    const cells = clientNames.map((client) => {
      const difference = differences[client];
      return difference === undefined ? 'same' : `${difference.is} (${noteOf(difference.instead)})`;
    });
    return row([title, ...cells]);
  });
  return [
    row(['what a config asks for', ...clientNames.map((client) => clients[client].title)]),
    row(['---', ...clientNames.map(() => '---')]),
    ...rows,
    '',
    ...notes.map((note, index) => `${index + 1}. ${note}`),
    '',
    ...clientNames.map((client) => `- ${clients[client].title}: ${clients[client].versions}`),
  ].join('\n');
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
