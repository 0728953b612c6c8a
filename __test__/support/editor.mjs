/** An editor's view of a line of TypeScript that calls a client `sr`, by the language service of a compiler. */

import { join } from 'node:path'

/** The functions take a line in which `|` is the cursor. `ts` is a compiler, and `root` a folder with the package. */
export function editor(ts, root) {
  const file = join(root, 'line.mts').replaceAll('\\', '/')
  let text = ''
  let version = 0
  const service = ts.createLanguageService({
    ...ts.sys,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    getCompilationSettings: () => ({
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      types: ['node'],
    }),
    getScriptFileNames: () => [file],
    getScriptVersion: name => (name === file ? String(version) : '1'),
    getScriptSnapshot: name => {
      const read = name === file ? text : ts.sys.readFile(name)
      return read === undefined ? undefined : ts.ScriptSnapshot.fromString(read)
    },
    fileExists: name => name === file || ts.sys.fileExists(name),
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  })

  /** Makes a line the program, and returns where the cursor is. */
  function type(line) {
    const head = "import type { SmartRecruiters } from 'smartrecruiters'\ndeclare const sr: SmartRecruiters\n"
    text = `${head}${line.replace('|', '')}\n`
    version++
    return head.length + line.indexOf('|')
  }

  return {
    /**
     * The names that are completed at the cursor, sorted. Compilers also complete the text in quotes as it stands, where
     * any text is accepted: it is left out.
     */
    completions(line) {
      const at = type(line)
      const found = service.getCompletionsAtPosition(file, at, {})?.entries ?? []
      const [, typed] = /'([^']*)\|/.exec(line) ?? []
      return found
        .map(({ name }) => name)
        .filter(name => name !== typed)
        .sort()
    },
    /** What is shown for the name at the cursor. */
    hover(line) {
      const at = type(line)
      return ts.displayPartsToString(service.getQuickInfoAtPosition(file, at)?.displayParts)
    },
  }
}
