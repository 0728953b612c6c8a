// Prints every file that this process has loaded, at its end.
process.on('exit', () => {
  for (const file of Object.keys(require.cache)) console.error(file)
})
