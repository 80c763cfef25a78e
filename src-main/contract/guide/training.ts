/** First steps, numbers and settings of the guide. Pure. */
import { code, type GuideTopic, list, text } from './blocks.ts';

export const training: readonly GuideTopic[] = [
  {
    id: 'first-steps',
    title: 'From a file to a trained model',
    summary: 'The first hour: choose a base model, drop a file, watch it train, try the result.',
    blocks: [
      list(
        'Base model: SmolLM2-135M-Instruct is a small chat model that trains on any machine. The starter model has random weights; it is for trying the app. A folder with a model from Hugging Face works as well.',
        'Dataset: drop one or more files on the window, or copy them into inbox/ in the workspace. Each file is validated first and then trained in the order of the queue.',
        'Training: the Dashboard shows the loss, evaluations and previews of what the model answers. The window can be closed; training continues in the background.',
        'Result: after each dataset a version is created. Try it in the Playground, next to an older version or the base model.',
      ),
      text('The same in a terminal:'),
      code(
        null,
        'nightshift base add smollm2',
        'nightshift queue add requests.jsonl',
        'nightshift status --watch',
        'nightshift chat',
      ),
      text(
        'Small datasets are served as well as large ones: warmup, evaluations and previews are scaled to the number of steps.',
      ),
    ],
  },
  {
    id: 'numbers',
    title: 'Reading the numbers',
    summary: 'What the figures on the Dashboard mean, and when to worry.',
    blocks: [
      list(
        'Training loss: the mean loss of the trained tokens, smoothed. It falls while the model learns the dataset.',
        'Validation (this dataset): the loss on rows of the dataset that are never trained. If it rises while the training loss falls, the model memorizes: use fewer epochs or a lower learning rate.',
        'Validation (fixed set): the loss on rows of the first dataset that stay the same for the whole lineage. If it rises after a later dataset, the model forgets.',
        'Gap: validation loss minus training loss of the same dataset; unknown with fewer than 20 held-out rows.',
        'Exact match: generated answers that equal the expected text, with a 95 % confidence interval. Answers that a length limit cut off are counted separately.',
        'Learning rate: rises during the warmup, then follows the schedule.',
        'Gradient norm: single spikes are normal and are clipped; a steady rise is a sign of a learning rate that is too high.',
      ),
      text(
        'A value that is missing says why. A value from a trainer that no longer runs is shown with its age.',
      ),
    ],
  },
  {
    id: 'settings',
    title: 'Settings that matter first',
    summary:
      'The defaults train a small chat model on one machine. These settings are worth a look; Config shows all of them, with the memory and time that a change costs.',
    blocks: [
      list(
        'learning_rate: the most important one. Lower it if the validation loss rises early or the model forgets.',
        'epochs: how often each row is trained. More help small datasets, up to the point where the validation loss rises.',
        'batch_size: examples per step. Smaller batches make more steps of the same data.',
        'max_length: longer rows need a decision; memory and time grow with it.',
        'save_steps: the most that a power cut can cost, in steps; never more than five minutes of training.',
      ),
      text(
        'Settings that affect training are locked while a dataset is training. A change is staged and applies from the next dataset:',
      ),
      code(
        null,
        'nightshift config get learning_rate',
        'nightshift config stage learning_rate 1e-5',
        'nightshift config estimate --batch-size 32',
      ),
      text('To read what a setting does: nightshift help batch_size'),
    ],
  },
];
