/** Runs a task for each item, so many at a time. Rejects as soon as one does; others may still be under way then. */
export async function forEachLimited<T>(
  items: Iterable<T>,
  atATime: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const rest = [...items].values();
  const worker = async () => {
    for (const item of rest) await task(item);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}
