// The pages' files go where the built program looks for them.
import { cpSync } from 'node:fs';

cpSync(new URL('../assets', import.meta.url), new URL('../dist/assets', import.meta.url), {
  recursive: true,
});
