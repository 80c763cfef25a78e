/** The conversations. They stay while the window is open, also when another screen is shown. */
import { create } from 'zustand';
import {
  type Answer,
  type ChatMessage,
  isEnded,
  type Question,
} from '../../../src-main/contract/index.ts';
import { attempt } from '../../engine/index.ts';

export interface Turn {
  readonly question: string;
  /** null until the engine took the question. */
  readonly answer: Answer | null;
  /** Why there is no answer. */
  readonly refused: string | null;
}

export interface Conversation {
  /** null: the first of the list. */
  readonly model: string | null;
  readonly turns: readonly Turn[];
}

export type Side = 0 | 1;

export interface Settings {
  readonly system: string;
  readonly temperature: number;
  readonly seed: number;
  readonly maxNewTokens: number;
  readonly device: Question['device'];
  /** Shows what the model was fed and its tokens as they are. */
  readonly raw: boolean;
}

interface PlaygroundState {
  readonly sides: readonly [Conversation, Conversation];
  readonly isCompared: boolean;
  /** The side that a narrow window shows. */
  readonly shown: Side;
  readonly settings: Settings;
}

const EMPTY: Conversation = { model: null, turns: [] };
const POLL_MS = 120;

export const usePlayground = create<PlaygroundState>(() => ({
  sides: [EMPTY, EMPTY],
  isCompared: false,
  shown: 0,
  settings: { system: '', temperature: 0, seed: 0, maxNewTokens: 512, device: 'auto', raw: false },
}));

const { getState, setState } = usePlayground;

function setSide(side: Side, change: (conversation: Conversation) => Conversation): void {
  setState(({ sides: [first, second] }) => ({
    sides: side === 0 ? [change(first), second] : [first, change(second)],
  }));
}

/** A new conversation on this side. */
export const chooseModel = (side: Side, model: string): void => {
  setSide(side, () => ({ model, turns: [] }));
};

/** Opens with this model on the first side. */
export const tryModel = (model: string): void => {
  if (getState().sides[0].model !== model) chooseModel(0, model);
  setState({ shown: 0 });
};

export const changeSettings = (change: Partial<Settings>): void => {
  setState(({ settings }) => ({ settings: { ...settings, ...change } }));
};

export const startAgain = (): void => {
  void stopAll();
  setState(({ sides: [first, second] }) => ({
    sides: [
      { ...first, turns: [] },
      { ...second, turns: [] },
    ],
  }));
};

export const openSides = (): readonly Side[] => (getState().isCompared ? [0, 1] : [0]);

export const isWriting = ({ turns }: Conversation): boolean => {
  const last = turns.at(-1);
  if (last === undefined || last.refused !== null) return false;
  return last.answer === null || !isEnded(last.answer.state);
};

/** Asks every open side. `models`: the chosen model of each side. */
export function askAll(question: string, models: readonly [string, string]): void {
  for (const side of openSides()) void ask(side, question, models[side]);
}

/** Asks one model on the first side; another model's conversation there is replaced. */
export function askOne(question: string, model: string): void {
  tryModel(model);
  void ask(0, question, model);
}

export async function stopAll(): Promise<void> {
  for (const side of openSides()) {
    const answer = getState().sides[side].turns.at(-1)?.answer ?? null;
    if (answer !== null && !isEnded(answer.state))
      await attempt((engine) => engine.playground.stop({ id: answer.id }));
  }
}

/** What was said so far; turns without an answer are left out. */
function messagesOf({ turns }: Conversation, system: string): ChatMessage[] {
  const said = turns.flatMap(({ question, answer, refused }): ChatMessage[] =>
    answer === null || refused !== null || answer.state === 'failed'
      ? []
      : [
          { role: 'user', content: question },
          { role: 'assistant', content: answer.text },
        ],
  );
  return system.trim() === '' ? said : [{ role: 'system', content: system.trim() }, ...said];
}

async function ask(side: Side, question: string, model: string): Promise<void> {
  const { settings, sides } = getState();
  const messages = messagesOf(sides[side], settings.system);
  const at = sides[side].turns.length;
  setSide(side, ({ turns }) => ({
    model,
    turns: [...turns, { question, answer: null, refused: null }],
  }));
  const update = (change: Partial<Turn>): void => {
    setSide(side, (conversation) => ({
      ...conversation,
      turns: conversation.turns.map((turn, index) =>
        index === at ? { ...turn, ...change } : turn,
      ),
    }));
  };
  const first = await attempt((engine) =>
    engine.playground.ask({
      model,
      messages: [...messages, { role: 'user', content: question }],
      temperature: settings.temperature,
      seed: settings.seed,
      max_new_tokens: settings.maxNewTokens,
      device: settings.device,
    }),
  );
  if ('trouble' in first) {
    const { text, next } = first.trouble;
    update({ refused: next === null ? text : `${text} ${next}` });
    return;
  }
  await follow(first.answer, update);
}

async function follow(first: Answer, update: (change: Partial<Turn>) => void): Promise<void> {
  let answer = first;
  update({ answer });
  while (!isEnded(answer.state)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const next = await attempt((engine) => engine.playground.answer({ id: first.id }));
    if ('trouble' in next) {
      update({ refused: next.trouble.text });
      return;
    }
    answer = next.answer;
    update({ answer });
  }
}
