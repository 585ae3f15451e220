import { readFileSync } from 'node:fs';
import { ServiceError } from '@evenly/service';

/** A pod may have more labels than make sense; its file is small all the same. */
const maxBytes = 1024 * 1024;

/**
 * The labels of a pod from a file of a downwardAPI volume: lines of `key="value"`, the value quoted as Go does.
 * @throws ServiceError BAD_CONFIG with the file and the line
 */
export function readPodLabels(path: string): Map<string, string> {
  const labels = new Map<string, string>();
  for (const [index, line] of linesOf(path).entries()) {
    if (line.trim() === '') continue;
    const [, key, quoted] = /^([^=\s]+)=(".*")$/.exec(line) ?? [];
    const value = quoted === undefined ? undefined : unquote(quoted);
    if (key === undefined || value === undefined) {
      throw new ServiceError(
        'BAD_CONFIG',
        `--labels ${path}:${index + 1}: expected key="value", as a downwardAPI volume with fieldPath metadata.labels writes`,
      );
    }
    labels.set(key, value);
  }
  return labels;
}

function linesOf(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ServiceError('BAD_CONFIG', `--labels: ${(cause as Error).message}`, { cause });
  }
  if (text.length > maxBytes)
    throw new ServiceError('BAD_CONFIG', `--labels ${path}: more than ${maxBytes} bytes`);
  return text.split('\n');
}

/** Label values are plain characters (RFC 1123 and `_.`), so Go's quoting and JSON's agree on them. */
function unquote(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
