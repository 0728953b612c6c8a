// Only types: `export * from 'smartrecruiters/api'`, which some compilers keep, must find a module.

export {}
