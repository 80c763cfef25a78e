/**
 * Reads strings, comments and identifiers of the repository's sources, for tests of language and
 * names.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

export const repository = path.resolve(import.meta.dirname, '../..');

export type TokenKind = 'string' | 'jsx' | 'comment' | 'identifier' | 'prose';

export interface Token {
  /** Path relative to the repository. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly kind: TokenKind;
  readonly text: string;
  /** The character before an identifier: `.` for attributes. */
  readonly before: string;
}

const IGNORED = ['**/node_modules/**', '**/.venv/**', '**/__pycache__/**'];

const list = (patterns: readonly string[]): string[] =>
  globSync([...patterns], { cwd: repository, exclude: IGNORED }).sort();

export const programFiles = (): string[] => [
  ...list(['src-*/**/*.{ts,tsx}', 'scripts/**/*.mjs']),
  ...list(['python-runtime/nightshift_trainer/**/*.py']),
];

export const testFiles = (): string[] =>
  list([
    'tests/**/*.{ts,tsx,mjs,cjs}',
    'tests/**/*.py',
    'python-runtime/tests/**/*.py',
    'benchmarks/**/*.{mjs,ts,py}',
    '*.{ts,js,cjs}',
  ]);

export const documents = (): string[] => list(['*.md', 'docs/**/*.md', 'benchmarks/**/*.md']);

const cache = new Map<string, readonly Token[]>();

export function tokensOf(file: string): readonly Token[] {
  const tokens = cache.get(file) ?? readTokens(file);
  cache.set(file, tokens);
  return tokens;
}

function readTokens(file: string): readonly Token[] {
  const text = readFileSync(path.join(repository, file), 'utf8');
  if (file.endsWith('.md'))
    return text.split('\n').map((content, index) => ({
      file,
      line: index + 1,
      kind: 'prose',
      text: content,
      before: '',
    }));
  return file.endsWith('.py') ? pythonTokens(file, text) : typescriptTokens(file, text);
}

/** A template literal is one string in which `X` replaces each expression. */
function typescriptTokens(file: string, text: string): readonly Token[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const tokens: Token[] = [];
  const commentStarts = new Set<number>();
  const add = (kind: TokenKind, start: number, content: string): void => {
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    tokens.push({ file, line, kind, text: content, before: text.charAt(start - 1) });
  };
  const addComments = (ranges: readonly ts.CommentRange[] = []): void => {
    for (const { pos, end } of ranges) {
      if (commentStarts.has(pos)) continue;
      commentStarts.add(pos);
      add('comment', pos, text.slice(pos, end));
    }
  };
  const visit = (node: ts.Node): void => {
    if (!ts.isJsxText(node)) {
      addComments(ts.getLeadingCommentRanges(text, node.pos));
      addComments(ts.getTrailingCommentRanges(text, node.end));
      addComments(ts.getLeadingCommentRanges(text, node.end));
      // Comments in an empty block, or before a closing bracket, belong to no child node.
      const start = node.getStart(source);
      if ('{[('.includes(text.charAt(start)))
        addComments(ts.getLeadingCommentRanges(text, start + 1));
    }
    if (ts.isIdentifier(node)) add('identifier', node.getStart(source), node.text);
    else if (ts.isJsxText(node)) add('jsx', node.getStart(source), node.text);
    else if (ts.isTemplateExpression(node))
      add(
        'string',
        node.getStart(source),
        node.head.text + node.templateSpans.map((span) => `X${span.literal.text}`).join(''),
      );
    else if (ts.isStringLiteralLike(node) && !ts.isImportDeclaration(node.parent))
      add('string', node.getStart(source), node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return tokens;
}

const PYTHON_TOKEN =
  /(?<prefix>[rRbBfFuU]{0,2})(?<string>"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?<comment>#[^\n]*)|(?<identifier>[A-Za-z_]\w*)/g;

/** Doc strings count as comments. */
function pythonTokens(file: string, text: string): readonly Token[] {
  let line = 1;
  let counted = 0;
  return [...text.matchAll(PYTHON_TOKEN)].map(({ index, groups = {} }) => {
    line += text.slice(counted, index).split('\n').length - 1;
    counted = index;
    const { string, comment, identifier } = groups;
    const before = text.charAt(index - 1);
    if (identifier !== undefined)
      return { file, line, kind: 'identifier' as const, text: identifier, before };
    const isDocString = (string ?? '').startsWith('"""') && /(^|\n)\s*$/.test(text.slice(0, index));
    const kind = comment !== undefined || isDocString ? ('comment' as const) : ('string' as const);
    return {
      file,
      line,
      kind,
      text: comment ?? (string ?? '').replace(/^["']+|["']+$/g, ''),
      before,
    };
  });
}
