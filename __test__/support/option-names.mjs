/** The names of the options that the package takes, from its generated declarations. */

import ts from 'typescript'

const DIST = new URL('../../dist/', import.meta.url).pathname

/**
 * Returns the names of all properties of objects that a public class or function takes, at any depth. Types of the
 * platform are left out: the platform reads those.
 */
export function optionNames() {
  const entries = ['index.d.ts', 'testing.d.ts', 'web/index.d.ts'].map(file => DIST + file)
  const program = ts.createProgram(entries, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
    strict: true,
  })
  const checker = program.getTypeChecker()
  const names = new Set()
  const seen = new Set()
  const isOurs = declaration => declaration.getSourceFile().fileName.startsWith(DIST)

  function take(type) {
    if (seen.has(type)) return
    seen.add(type)
    if (type.isUnionOrIntersection()) {
      for (const part of type.types) take(part)
      return
    }
    if (!(type.flags & ts.TypeFlags.Object) || type.symbol === undefined) return
    if (!(type.symbol.declarations ?? []).some(isOurs) || type.isClass()) return
    for (const property of checker.getPropertiesOfType(type)) {
      const [declaration] = property.declarations ?? []
      if (declaration === undefined || !isOurs(declaration) || !/^[a-z]\w*$/i.test(property.name)) continue
      names.add(property.name)
      take(checker.getTypeOfSymbolAtLocation(property, declaration))
    }
  }

  function takeParameters(signatures) {
    for (const signature of signatures) {
      for (const parameter of signature.getParameters()) {
        const [declaration] = parameter.declarations ?? []
        if (declaration === undefined) continue
        const type = checker.getTypeOfSymbolAtLocation(parameter, declaration)
        take(type)
        take(checker.getBaseConstraintOfType(type) ?? type)
      }
    }
  }

  for (const file of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file))
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      // Some are behind types that only a call decides, such as those of a list's options.
      if (symbol.name.endsWith('Options')) take(checker.getDeclaredTypeOfSymbol(symbol))
      const { valueDeclaration } = symbol
      if (valueDeclaration === undefined) continue
      const type = checker.getTypeOfSymbolAtLocation(symbol, valueDeclaration)
      takeParameters(type.getCallSignatures())
      takeParameters(type.getConstructSignatures())
      for (const made of type.getConstructSignatures()) {
        for (const member of checker.getPropertiesOfType(made.getReturnType())) {
          const [declaration] = member.declarations ?? []
          if (declaration === undefined || !isOurs(declaration)) continue
          takeParameters(checker.getTypeOfSymbolAtLocation(member, declaration).getCallSignatures())
        }
      }
    }
  }
  return [...names].sort()
}
