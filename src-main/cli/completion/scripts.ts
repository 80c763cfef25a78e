/**
 * The completion scripts of the shells. All of them ask `nightshift complete`, so that they never
 * need to be made again. Pure.
 */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

const BASH =
  String.raw`# Completion for bash. Load it in ~/.bashrc: eval "$(nightshift completion bash)"
_nightshift() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = ":files" ]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    else
      COMPREPLY+=("\${line%%$'\t'*}")
    fi
  done < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _nightshift nightshift
`.replaceAll('\\$', '$');

const ZSH = String.raw`#compdef nightshift
# Completion for zsh. Load it in ~/.zshrc, after compinit: eval "$(nightshift completion zsh)"
_nightshift() {
  local -a candidates
  local line value
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ "$line" == ":files" ]]; then
      _files
      return
    fi
    [[ -z "$line" ]] && continue
    value="\${line%%$'\t'*}"
    candidates+=("\${value//:/\\:}:\${line#*$'\t'}")
  done
  _describe 'nightshift' candidates
}
if [[ "$funcstack[1]" == "_nightshift" ]]; then
  _nightshift "$@"
else
  compdef _nightshift nightshift
fi
`.replaceAll('\\$', '$');

const FISH = String.raw`# Completion for fish. Save it: nightshift completion fish > ~/.config/fish/completions/nightshift.fish
function __nightshift_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -e words[1]
    for line in (nightshift complete -- $words "$current" 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -f -a '(__nightshift_complete)' -c nightshift
`;

/** Windows PowerShell 5 drops empty arguments, so a new word is announced. */
const POWERSHELL = String.raw`# Completion for PowerShell. Load it in $PROFILE: nightshift completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName nightshift -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.Extent.Text })
    $next = @()
    if ($wordToComplete -eq '') { $next = @('--next') }
    & nightshift complete @next -- @words 2>$null | ForEach-Object {
        $value, $about = $_ -split [char]9, 2
        if ($value -eq ':files') {
            Get-ChildItem -Path "$wordToComplete*" -ErrorAction SilentlyContinue | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_.Name, $_.Name, 'ProviderItem', $_.FullName)
            }
        } else {
            if (-not $about) { $about = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $about)
        }
    }
}
`;

export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
  powershell: POWERSHELL,
};
