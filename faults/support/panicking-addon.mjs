/**
 * An addon whose exported functions panic on demand, each by its name. It is built from a copy of the sources, in which
 * every exported function begins with a line more. So what is shipped has nothing of it.
 *
 * `FAULTS_PANIC` is the name of the function that panics; `FAULTS_REACHED` a file that gets the name of each function
 * that is called.
 */

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from '../../scripts/setup.mjs'

const COPY = join(root, 'target', 'panics')
const SOURCES = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'rust-toolchain.toml', 'src', 'benches', 'tests']

const PANICS = `//! Panics on demand.

use std::io::Write;

/// Notes that a function is called, and panics if it is the one.
pub(crate) fn at(name: &str) {
    if let Ok(path) = std::env::var("FAULTS_REACHED")
        && let Ok(mut file) = std::fs::File::options().append(true).create(true).open(path)
    {
        let _ = writeln!(file, "{name}");
    }
    assert!(std::env::var("FAULTS_PANIC").as_deref() != Ok(name), "injected");
}
`

/** The attribute of an exported function, its name, and all up to the brace of its body. */
const EXPORTED =
  /#\[napi(\((?:"[^"]*"|[^"\]])*\))?\](?:\s|#\[[^\]]*\]|\/\/[^\n]*)*pub(?:\(\w+\))? (?:async )?fn (\w+)(?:<[^>]*>)?\((?:[^{}"]|"[^"]*")*?\{\n/g

/** The exported functions in the text of a file: each with its name, whether it catches panics, and where its body begins. */
export function exportedFunctions(text, file) {
  return [...text.matchAll(EXPORTED)].map(({ 0: head, 1: attribute, 2: name, index }) => {
    // What is not indented belongs to no type.
    const free = index === 0 || text[index - 1] === '\n'
    const owner = free
      ? file
      : text
          .slice(0, index)
          .match(/^impl (?:.* for )?\w+/gm)
          ?.at(-1)
          ?.match(/\w+$/)[0]
    return {
      name: `${owner}.${name}`,
      catches: Boolean(attribute?.includes('catch_unwind')),
      body: index + head.length,
    }
  })
}

/** The files of the binding below a folder of sources. */
export function bindingFiles(sources = join(root, 'src')) {
  const binding = join(sources, 'binding')
  const files = readdirSync(binding, { recursive: true }).filter(file => file.endsWith('.rs'))
  return files.map(file => ({ file, path: join(binding, file), text: readFileSync(join(binding, file), 'utf8') }))
}

/** Builds the addon; resolves with its path, and the names of all exported functions. */
export async function panickingAddon() {
  rmSync(join(COPY, 'src'), { recursive: true, force: true })
  mkdirSync(COPY, { recursive: true })
  for (const source of SOURCES) cpSync(join(root, source), join(COPY, source), { recursive: true })
  const names = []
  for (const { file, path, text } of bindingFiles(join(COPY, 'src'))) {
    const exported = exportedFunctions(text, file)
    names.push(...exported.map(({ name }) => name))
    // From the last to the first, so that the places of the others stay what they are.
    const changed = exported.reduceRight(
      (changed, { name, body }) => `${changed.slice(0, body)}crate::panics::at("${name}");\n${changed.slice(body)}`,
      text,
    )
    writeFileSync(path, changed)
  }
  const lib = join(COPY, 'src', 'lib.rs')
  writeFileSync(join(COPY, 'src', 'panics.rs'), PANICS)
  writeFileSync(lib, readFileSync(lib, 'utf8').replace(/^mod torture;$/m, 'mod panics;\n$&'))
  await run(['cargo', 'build', '--lib', '--features', 'node', '--target-dir', join(COPY, 'target')], { cwd: COPY })
  return { addon: join(COPY, 'target', 'debug', 'libsmartrecruiters.so'), names }
}
