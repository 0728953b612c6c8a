/** A library for another glibc than that of this system. */

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Links a library that needs a symbol of a glibc that does not exist. */
export function linkForGlibc(glibc, folder, path) {
  const [source, map, stub] = ['addon.c', 'libc.map', 'libc.so.6'].map(each => join(folder, each))
  writeFileSync(map, `GLIBC_${glibc} { global: ahead_of_its_time; };\n`)
  writeFileSync(source, 'void ahead_of_its_time(void) {}\n')
  const cc = (...args) => execFileSync('cc', ['-shared', '-fPIC', '-nostdlib', ...args], { stdio: 'pipe' })
  cc(source, `-Wl,--version-script=${map}`, '-Wl,-soname,libc.so.6', '-o', stub)
  writeFileSync(source, 'void ahead_of_its_time(void);\nvoid napi_register_module_v1(void) { ahead_of_its_time(); }\n')
  cc(source, stub, '-o', path)
}
