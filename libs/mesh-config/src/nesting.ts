import { Lexer } from 'yaml';

/** Deeper than any config needs. The parser calls itself for each level, and a few thousand of them end the process. */
const maxLevels = 64;
/** Indentation and `- ` at the beginning of a line: each level of a block takes at least one column of it. */
const blockIndent = new RegExp(`^[ \\t?:-]{${4 * maxLevels}}`);

/** Says where a YAML or JSON text is nested too deeply to be parsed safely; without calling itself. */
export function nestingFault(text: string): { line: number; reason: string } | undefined {
  const reason = `is nested too deeply: more than ${maxLevels} levels`;
  const lines = text.split('\n');
  const indented = lines.findIndex((line) => blockIndent.test(line));
  if (indented >= 0) return { line: indented + 1, reason };

  let depth = 0;
  let line = 1;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > maxLevels) return { line, reason };
    for (let at = token.indexOf('\n'); at >= 0; at = token.indexOf('\n', at + 1)) line++;
  }
  return undefined;
}
