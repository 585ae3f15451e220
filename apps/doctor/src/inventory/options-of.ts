import type { Container } from './objects/container.ts';

/** What a container gives one of Evenly's programs as an option: a flag, or `EVENLY_…` in its environment. */
export function optionOf({ texts }: Container, flag: string): string | undefined {
  const variable = `env EVENLY_${flag.replaceAll('-', '_').toUpperCase()}`;
  for (const [index, { at, value }] of texts.entries()) {
    if (at.startsWith('env ')) continue;
    if (value.startsWith(`--${flag}=`)) return value.slice(flag.length + 3);
    if (value === `--${flag}`) {
      const next = texts[index + 1]?.value;
      return next === undefined || next.startsWith('-') ? 'true' : next;
    }
  }
  return texts.find(({ at }) => at === variable)?.value;
}
