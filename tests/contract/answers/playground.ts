/** The playground of the scripted engine: it answers every question with its length. */
import {
  type Answer,
  type PlaygroundModel,
  type Procedures,
  Refusal,
} from '../../../src-main/contract/index.ts';
import type { Stage } from '../stage.ts';

export function playgroundAnswers({ rooms }: Stage): Procedures['playground'] {
  const answers = new Map<string, Answer>();
  const models = (): PlaygroundModel[] => [
    { id: 'current', kind: 'current', label: 'Current model', branch: 'branch-3', step: 1467 },
    ...rooms().versions.map(({ name, branch, step }): PlaygroundModel => ({
      ...{ id: name, kind: 'version', label: name, branch, step },
    })),
    { id: 'base:smollm2', kind: 'base', label: 'SmolLM2-135M-Instruct', branch: null, step: null },
  ];
  const find = (id: string): Answer => {
    const found = answers.get(id);
    if (found === undefined) throw new Refusal('NOT_FOUND', `There is no answer ${id}.`);
    return found;
  };
  return {
    models,
    ask({ model, messages, seed }) {
      const found = models().find((known) => known.id.startsWith(model));
      if (found === undefined) throw new Refusal('NOT_FOUND', `There is no model ${model}.`);
      const asked = messages.at(-1)?.content ?? '';
      const answer: Answer = {
        ...{ id: `a-${String(answers.size + 1)}`, model: found.id, device: 'cpu', message: null },
        state: asked.includes('wait') ? 'writing' : 'finished',
        text: `${found.id} with seed ${String(seed)}: ${String(asked.length)} characters.`,
        raw: `${String(asked.length)} characters.<|im_end|>`,
        prompt: `<|im_start|>user\n${asked}<|im_end|>\n<|im_start|>assistant\n`,
        ...{ prompt_tokens: 12, tokens: 7, seconds: 0.5 },
      };
      answers.set(answer.id, answer);
      return answer;
    },
    answer: ({ id }) => find(id),
    stop({ id }) {
      answers.set(id, { ...find(id), state: 'stopped' });
      return { ok: true };
    },
  };
}
