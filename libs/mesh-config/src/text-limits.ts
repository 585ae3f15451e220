import { Lexer } from 'yaml';

/** Deeper than any config needs. The parser calls itself for each level, and a few thousand of them end the process. */
const maxLevels = 64;
/** Words, signs, blanks and line ends. 1000 services and 2000 routes are about 350,000; each costs the parser 2 to 6 µs. */
const maxTokens = 2_000_000;
/** For each alias the parser looks through all of them: twice as many take four times as long. */
const maxAliases = 1000;
/** Indentation and `- ` at the beginning of a line: each level of a block takes at least one column of it. */
const blockIndent = new RegExp(`^[ \\t?:-]{${4 * maxLevels}}`);

/** Says where a YAML or JSON text goes beyond what is parsed safely, before it is parsed; without calling itself. */
export function textFault(text: string): { line: number; reason: string } | undefined {
  const nested = `is nested too deeply: more than ${maxLevels} levels`;
  const lines = text.split('\n');
  const indented = lines.findIndex((line) => blockIndent.test(line));
  if (indented >= 0) return { line: indented + 1, reason: nested };

  let depth = 0;
  let line = 1;
  let tokens = 0;
  let aliases = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    else if (token.startsWith('*')) aliases++; // a word that begins so is in quotes, which are part of the token
    if (depth > maxLevels) return { line, reason: nested };
    if (aliases > maxAliases) return { line, reason: tooMany('aliases (*name)', maxAliases) };
    if (++tokens > maxTokens) return { line, reason: tooMany('words and signs', maxTokens) };
    for (let at = token.indexOf('\n'); at >= 0; at = token.indexOf('\n', at + 1)) line++;
  }
  return undefined;
}

const tooMany = (what: string, most: number) =>
  `is where the text has more than ${most} ${what}: write less, or split it into several files`;
