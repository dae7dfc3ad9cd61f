import { readFileSync } from 'node:fs';

/** The sentences with which the chart refuses values, each as the pattern of its line in what Helm says. */
export function sentencePatterns(): RegExp[] {
  const text = readFileSync('charts/parley/templates/_validations.tpl', 'utf8');
  const parts = text.split(/\{\{- define "parley\.validate(?=[A-Z])/).slice(1);
  return parts
    .flatMap((part) => part.split('\n').slice(1))
    .filter((line) => line !== '' && !line.startsWith('{{- ') && !line.startsWith('{{ end') && !line.startsWith('{{/*'))
    .map(asPattern);
}

/** What a template fills in may be anything; what stands in a condition may be missing. */
function asPattern(line: string): RegExp {
  const pattern = line.split(/(\{\{.*?\}\})/).map((part) => {
    if (/^\{\{-? (if|with) /.test(part)) return '(?:';
    if (/^\{\{-? end /.test(part)) return ')?';
    if (part.startsWith('{{')) return '.*';
    return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${pattern.join('')}$`);
}

/** The sentences in what Helm says; none where the chart itself refused nothing. */
export function sentencesOf(output: string): string[] {
  const [, said = ''] = output.split('Parley cannot be installed with these values:');
  return said
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .map((line) => line.slice(2));
}
