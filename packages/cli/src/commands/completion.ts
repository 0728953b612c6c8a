/** `smartrecruiters completion`: the script that a shell needs to complete command lines. */

import type { Context } from '../context.js'
import { UsageError } from '../failure.js'

export const usage = 'completion bash|zsh|fish'

export const help = `
Print the script that completes commands, options, and the paths of the API. For good, add a line to the
configuration of your shell:

  ~/.bashrc                     source <(smartrecruiters completion bash)
  ~/.zshrc, after compinit      source <(smartrecruiters completion zsh)
  ~/.config/fish/config.fish    smartrecruiters completion fish | source
`

export const options = {}

/** In the scripts, no answer means that files may follow. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_smartrecruiters() {
  local word
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    COMPREPLY+=("$word")
  done < <(smartrecruiters __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _smartrecruiters smartrecruiters
`,
  zsh: `#compdef smartrecruiters
_smartrecruiters() {
  local line
  local -a values descriptions
  for line in "\${(@f)$(smartrecruiters __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    values+=("\${line%%$'\\t'*}")
    descriptions+=("\${line/$'\\t'/  }")
  done
  if (( $#values )); then
    compadd -l -d descriptions -- $values
  else
    _files
  fi
}
if [[ $funcstack[1] == _smartrecruiters ]]; then
  _smartrecruiters "$@"
else
  compdef _smartrecruiters smartrecruiters
fi
`,
  fish: `function __smartrecruiters_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process) (commandline --cut-at-cursor --current-token)
    set -l found (smartrecruiters __complete $words[2..] 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline --cut-at-cursor --current-token)
    end
end
complete --command smartrecruiters --no-files --arguments '(__smartrecruiters_complete)'
`,
}

/** The shells. */
export function complete(): [string][] {
  return Object.keys(SCRIPTS).map(shell => [shell])
}

export async function run(context: Context): Promise<void> {
  const [shell, ...others] = context.positionals
  const script = shell !== undefined && Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
  if (script === undefined || others.length > 0) {
    throw new UsageError('name the shell: bash, zsh or fish', 'See `smartrecruiters completion --help`.')
  }
  await context.write(script)
}
