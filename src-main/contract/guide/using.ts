/** Using the model, and machines without a display, of the guide. Pure. */
import { code, type GuideTopic, text } from './blocks.ts';

export const using: readonly GuideTopic[] = [
  {
    id: 'use-the-model',
    title: 'Using the model',
    summary:
      'A version is a folder in the format of transformers. Every tool that reads such a folder can use it.',
    blocks: [
      text('To ask it something: the Playground, or:'),
      code(null, 'nightshift chat v003 --message "Is my card active?"'),
      text(
        'Models > Open folder shows the files: config.json, model.safetensors, tokenizer and chat template.',
      ),
      code(
        'use.py',
        'from transformers import AutoModelForCausalLM, AutoTokenizer',
        '',
        'folder = "workspace/models/versions/v003_requests"',
        'tokenizer = AutoTokenizer.from_pretrained(folder)',
        'model = AutoModelForCausalLM.from_pretrained(folder)',
        'chat = [{"role": "user", "content": "Is my card active?"}]',
        'prompt = tokenizer.apply_chat_template(',
        '    chat, add_generation_prompt=True, return_tensors="pt", return_dict=True',
        ')',
        'output = model.generate(**prompt, max_new_tokens=50)',
        'print(tokenizer.decode(output[0], skip_special_tokens=True))',
      ),
      text(
        'vLLM serves the folder as it is. For llama.cpp and Ollama, convert it with llama.cpp’s convert_hf_to_gguf.py. Copy the folder before you change anything in it: its hashes are verified.',
      ),
    ],
  },
  {
    id: 'headless',
    title: 'Machines without a display',
    summary:
      'The engine serves the same interface in a browser, and every action is a command. It listens on the loopback address only.',
    blocks: [
      code(
        null,
        'nightshift serve',
        'nightshift token',
        'nightshift status --json',
        'nightshift logs -f --source trainer',
      ),
      text('From another computer, forward the port and open the sign-in link there:'),
      code(null, 'ssh -L 8080:127.0.0.1:8080 user@host'),
      text('A file named .stop in the workspace stops training at the next step.'),
    ],
  },
];
