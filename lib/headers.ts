/** Header lines as the addon returns them. */

/** Splits header lines into pairs, for `new Headers()`. */
export function headerPairs(lines: string): [string, string][] {
  return lines
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)]
    })
}
