/** Files of the sign-off step, and every other projection. */
const fileOf = (path: string): string => path.split('/').at(-1)!;

/**
 * What a write of the memory stores writes, without market, tick and hash: `artifact window`, `commit head record claim`,
 * `item claim`, `file threshold_report.csv`, `parameter all` and `parameter own`.
 * @param name as the memory stores call their crash points.
 */
export function writeKind(name: string): string {
  const [what, rest] = [name.slice(0, name.indexOf(' ')), name.slice(name.indexOf(' ') + 1)];
  if (what === 'artifacts.putIfAbsent') return `artifact ${rest.split('/')[1]!}`;
  if (what === 'projections.write') return `file ${fileOf(rest)}`;
  if (what === 'parameters.put') return `parameter ${rest.includes('/') ? 'own' : 'all'}`;
  const sorts = rest.split(', ').map((item) => item.slice(item.indexOf(' ') + 1).split('/')[0]!);
  return `${sorts.includes('head') ? 'commit' : 'item'} ${sorts.join(' ')}`;
}
