/** What opens a construct of Markdown or HTML in the middle of a line; `<` alone is a comparison. */
const MARKUP = /[\\`*[\]|]|<(?=[a-z/!?])/gi;

/** Line ends, controls, characters without width or that turn the direction of writing, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** Text as one line of plain words: it can end neither its table cell nor its line, and marks nothing up. */
export const plain = (text: string): string => text.replace(UNPRINTABLE, ' ').replace(MARKUP, '\\$&').trim();

/** A table of plain cells, with an empty line after it. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(plain).join(' | ')} |`;
  return `${[line(header), `|${header.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n')}\n`;
}
