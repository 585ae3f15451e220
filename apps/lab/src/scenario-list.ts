import pc from 'picocolors';
import { differences } from './differences.ts';
import { scenarios } from './scenarios.ts';

/** `lab list`: what there is, when to use it, and where the lab differs from a real cluster. */
export function scenarioList(): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length)) + 2;
  const indent = ' '.repeat(width);
  const each = scenarios.map(
    ({ name, about, use, differs }) =>
      `${pc.bold(name.padEnd(width))}${about}\n${indent}When: ${use}\n${indent}${pc.dim(`Unlike a real cluster: ${differs}`)}\n`,
  );
  const all = differences.map((text) => `- ${text}\n`);
  return `${each.join('')}\nUnlike a real cluster, in all of them:\n${all.join('')}`;
}
