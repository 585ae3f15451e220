import { describe, expect, it } from 'vitest';
import { readOptions, type OptionSpecs } from './options.ts';
import * as values from './values.ts';

const program = {
  name: 'demo',
  describe: 'A program',
  options: {
    port: { describe: 'port', schema: values.port(), default: '50051' },
    maxAge: { describe: 'age', schema: values.duration(), alsoEnv: ['MAX_AGE'] },
    share: { describe: 'share', schema: values.ratio(), default: '0' },
    verbose: { describe: 'talk', schema: values.flag(), default: 'false', isFlag: true },
    config: { describe: 'file', schema: values.text(), required: true },
  } satisfies OptionSpecs,
} as const;

describe('readOptions', () => {
  it('takes a flag before the environment, that before the default', () => {
    const env = { EVENLY_PORT: '1', EVENLY_CONFIG: 'a.json', MAX_AGE: '1m30s' };
    expect(readOptions(program, ['--port', '2', '--verbose'], env)).toEqual({
      kind: 'config',
      config: { port: 2, maxAge: 90_000, share: 0, verbose: true, config: 'a.json' },
    });
    expect(readOptions(program, [], env)).toMatchObject({ config: { port: 1, verbose: false } });
    expect(readOptions(program, ['--config=b'], {})).toEqual({
      kind: 'config',
      config: { port: 50051, share: 0, verbose: false, config: 'b' },
    });
  });

  it('lists every fault at once, each with where it was given and what was expected', () => {
    const result = readOptions(program, ['--port', '-1', '--share', '2'], { MAX_AGE: '10 parsecs' });
    expect(result).toEqual({
      kind: 'faults',
      faults: [
        { where: '--port', reason: 'expected a port from 0 to 65535, got "-1"' },
        { where: 'MAX_AGE', reason: expect.stringContaining('got "10 parsecs"') as string },
        { where: '--share', reason: 'expected a number from 0 to 1, got "2"' },
        { where: '--config (EVENLY_CONFIG)', reason: 'is required' },
      ],
    });
  });

  it('names an option that does not exist', () => {
    const result = readOptions(program, ['--prot', '1', '--config', 'x'], {});
    expect(result).toMatchObject({
      kind: 'faults',
      faults: [{ reason: expect.stringContaining("'--prot'") as string }],
    });
  });

  it('prints the version', () => {
    expect(readOptions(program, ['--version'], {})).toEqual({
      kind: 'text',
      text: expect.stringMatching(/ development\n$/) as string,
    });
  });

  it('shows the other commands of the program in the help', () => {
    const commands = [{ usage: 'check FILE…', describe: 'say what is wrong' }];
    const result = readOptions({ ...program, commands }, ['--help'], {});
    expect(result.kind === 'text' && result.text).toMatch(
      /\nOther commands:\n {2}\S+ check FILE… {2}say what is wrong\n$/,
    );
  });

  it('says which option was meant', () => {
    const [name] = Object.keys(program.options);
    const flag = `--${name!.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const result = readOptions(program, [`${flag}x`, '1'], {});
    expect(result.kind === 'faults' && result.faults[0]).toEqual({
      where: 'command line',
      reason: `unknown option '${flag}x' (Did you mean ${flag}?) (see --help)`,
    });
  });

  it('shows every option with its environment variable and default in the help', () => {
    const result = readOptions(program, ['--help'], {});
    const text = result.kind === 'text' ? result.text.replace(/\s+/g, ' ') : '';
    expect(text).toContain('--max-age <value> age (env EVENLY_MAX_AGE or MAX_AGE)');
    expect(text).toContain('(env EVENLY_PORT, default 50051)');
  });

  it('takes an empty environment variable for an absent one', () => {
    expect(readOptions(program, ['--config', 'x'], { EVENLY_PORT: '' })).toMatchObject({
      config: { port: 50051 },
    });
  });
});
