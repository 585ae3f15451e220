import { Command, CommanderError, Option } from 'commander';
import type { z } from 'zod';
import { version } from './version.ts';

/** One option of a program: a flag `--max-age`, and `EVENLY_MAX_AGE` in the environment for the key `maxAge`. */
export interface OptionSpec {
  /** Shown by --help. */
  describe: string;
  /** From the option's text to its value; see values.ts. */
  schema: z.ZodType<unknown, string>;
  /** The text that is read when neither flag nor environment gives one. Without it the option may be absent. */
  default?: string;
  /** Further environment variables, read after EVENLY_…: names that other systems' manifests already use. */
  alsoEnv?: readonly string[];
  /** True for a flag without a value. */
  isFlag?: boolean;
  /** A missing value is a fault. */
  required?: boolean;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** The typed configuration that a set of option specs yields. */
export type Config<S extends OptionSpecs> = {
  readonly [K in keyof S]: S[K] extends { default: string } | { required: true }
    ? z.output<S[K]['schema']>
    : z.output<S[K]['schema']> | undefined;
};

/** What is wrong with one option: where it was given, and what to write instead. */
export interface OptionFault {
  where: string;
  reason: string;
}

export type OptionsResult<S extends OptionSpecs> =
  | { kind: 'config'; config: Config<S> }
  | { kind: 'faults'; faults: OptionFault[] }
  | { kind: 'text'; text: string };

/** A second thing that a program does, by `NAME COMMAND …`. */
export interface SubCommand {
  /** With its arguments: `check FILE…`. */
  usage: string;
  describe: string;
}

const kebab = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const flagName = (key: string) => `--${kebab(key)}`;
const envNames = (key: string, spec: OptionSpec) => [
  `EVENLY_${kebab(key).replaceAll('-', '_').toUpperCase()}`,
  ...(spec.alsoEnv ?? []),
];

interface Described<S extends OptionSpecs> {
  name: string;
  describe: string;
  options: S;
  commands?: readonly SubCommand[];
}

/**
 * Reads a program's options: a flag wins over the environment, that over the default. A pure function.
 * @param argv the arguments after the program's name
 * @returns the configuration, or every fault at once (not only the first), or what --help and --version print
 */
export function readOptions<const S extends OptionSpecs>(
  program: Described<S>,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): OptionsResult<S> {
  const parsed = parseFlags(program, argv);
  if (parsed.kind === 'text') return parsed;

  const faults = parsed.faults;
  const config: Record<string, unknown> = {};
  for (const [key, spec] of Object.entries(program.options)) {
    const { where, text } = given(key, spec, parsed.flags, env);
    if (text === undefined) {
      if (spec.required) faults.push({ where, reason: 'is required' });
      continue;
    }
    const result = spec.schema.safeParse(text);
    if (result.success) config[key] = result.data;
    else faults.push({ where, reason: result.error.issues.map((issue) => issue.message).join('; ') });
  }
  return faults.length > 0 ? { kind: 'faults', faults } : { kind: 'config', config: config as Config<S> };
}

function given(
  key: string,
  spec: OptionSpec,
  flags: Readonly<Flags>,
  env: Readonly<Record<string, string | undefined>>,
): { where: string; text: string | undefined } {
  const flag = flags[key];
  if (flag !== undefined) return { where: flagName(key), text: flag === true ? 'true' : flag };
  const name = envNames(key, spec).find((candidate) => env[candidate] !== undefined && env[candidate] !== '');
  if (name !== undefined) return { where: name, text: env[name] };
  return { where: `${flagName(key)} (${envNames(key, spec)[0]})`, text: spec.default };
}

type Flags = Record<string, string | true | undefined>;
type ParsedFlags = { kind: 'text'; text: string } | { kind: 'flags'; flags: Flags; faults: OptionFault[] };

function parseFlags(program: Described<OptionSpecs>, argv: readonly string[]): ParsedFlags {
  let text = '';
  const command = new Command(program.name)
    .description(program.describe)
    .version(`${program.name} ${version}`, '--version', 'print the version')
    .addHelpText('after', commandsText(program))
    .exitOverride()
    .configureOutput({ writeOut: (part) => (text += part), writeErr: () => undefined });
  for (const [key, spec] of Object.entries(program.options)) {
    const option = new Option(spec.isFlag ? flagName(key) : `${flagName(key)} <value>`, describe(key, spec));
    command.addOption(option);
  }
  try {
    command.parse(argv, { from: 'user' });
    return { kind: 'flags', flags: command.opts<Flags>(), faults: [] };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'text', text };
    const reason = `${error.message.replace(/^error: /, '').replaceAll('\n', ' ')} (see --help)`;
    return { kind: 'flags', flags: command.opts<Flags>(), faults: [{ where: 'command line', reason }] };
  }
}

function describe(key: string, spec: OptionSpec): string {
  const notes = [`env ${envNames(key, spec).join(' or ')}`];
  if (spec.default !== undefined && spec.default !== '') notes.push(`default ${spec.default}`);
  if (spec.required) notes.push('required');
  return `${spec.describe} (${notes.join(', ')})`;
}

function commandsText({ name, commands = [] }: Described<OptionSpecs>): string {
  const width = Math.max(0, ...commands.map(({ usage }) => usage.length)) + 2;
  const lines = commands.map(({ usage, describe: what }) => `  ${name} ${usage.padEnd(width)}${what}`);
  return lines.length === 0 ? '' : `\nOther commands:\n${lines.join('\n')}`;
}
