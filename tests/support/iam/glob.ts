/**
 * Patterns of `*` (any text) and `?` (one character). Characters that stand for themselves though they look like
 * wildcards are written with a mark before them, which no policy can contain.
 */
const MARK = '\uE000';

/** Text whose wildcards are meant: as it is. @throws TypeError where it holds the mark. */
export function literal(pattern: string): string {
  if (pattern.includes(MARK)) throw new TypeError('a pattern holds U+E000');
  return pattern;
}

/** Text that stands for itself, wildcards and all. */
export const quoted = (text: string): string => text.replaceAll(/[*?]/g, (character) => MARK + character);

export function globMatches(pattern: string, text: string): boolean {
  const source = pattern.replaceAll(/\uE000[*?]|[\s\S]/gu, (token) => {
    if (token === '*') return '[\\s\\S]*';
    if (token === '?') return '[\\s\\S]';
    return (token.startsWith(MARK) ? token.slice(1) : token).replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`).test(text);
}
