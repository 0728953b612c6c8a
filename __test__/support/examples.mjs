/** The examples of what users read: every block of JavaScript or TypeScript in the README and the docs. */

import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { transform } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
const preload = pathToFileURL(`${root}/__test__/support/example-context.mjs`).href

/** The pages that users read. */
export const PAGES = [
  'README.md',
  'packages/sandbox/README.md',
  'packages/cli/README.md',
  ...readdirSync(`${root}/docs`, { recursive: true })
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name.replaceAll('\\', '/')}`)
    .sort(),
].map(page => ({ page, text: readFileSync(`${root}/${page}`, 'utf8') }))

/**
 * The blocks: `isPart` if a block takes names from the text around it, and `output` if a block of text after it shows what
 * it prints.
 */
export const EXAMPLES = PAGES.flatMap(({ page, text }) =>
  [...text.matchAll(/^```([jt]s)\n(.*?)^```\n(?:\n^```text\n(.*?)^```$)?/gms)].map(
    ({ 1: language, 2: code, 3: output, index }) => {
      return { ...placeOf(page, text, index), language, code, isPart: !/^import /m.test(code), output }
    },
  ),
)

/** Where a block is that begins at `index`, and `reason` if a comment before it says why it is not run. */
export function placeOf(page, text, index) {
  const before = text.slice(0, index)
  return {
    page,
    line: before.split('\n').length,
    heading: before.match(/^#+ .*$/gm).at(-1),
    reason: /<!-- not run: ([^>]*) -->\n\n$/.exec(before)?.[1],
  }
}

/** Runs an example in a process of its own; resolves with what it prints. It fails if the program does. */
export async function run({ code, isPart }, env, folder) {
  // A part ends with its last line, whatever the text around it has started.
  const program = `${code.replaceAll('/var/lib/my-app', folder)}${isPart ? ';process.exit()' : ''}`
  const { code: plain } = await transform(program, { loader: 'ts', target: 'esnext' })
  // Not that it is a part of a run of tests.
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env
  const args = ['--import', preload, '--input-type=module', '--eval', plain]
  const options = {
    cwd: root,
    env: { ...rest, ...env, ...(isPart && { EXAMPLE_IS_PART: '1' }) },
    timeout: 30_000,
    killSignal: 'SIGKILL',
  }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr })
      else reject(new Error(`the example failed:\n${stdout}${stderr}`, { cause: error }))
    })
  })
}
