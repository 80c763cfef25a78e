/**
 * Names and relative paths that files of a workspace contain. Whoever made the file may be a
 * stranger, and each of these names becomes part of a path: `..` or `/` in one would lead to
 * another folder.
 */
import { z } from 'zod';

const BRANCH = /^(main|branch-[1-9]\d{0,8})$/;
const FOLDER = /^(?!\.{1,2}$)[^/\\\0]{1,200}$/;
const VERSION = /^v\d{1,9}_[\w.-]{0,200}$/;
/** A file name may have any other character; on Windows a backslash is a separator, too. */
const FILE = process.platform === 'win32' ? /^[^/\\\0]{1,255}$/ : /^[^/\0]{1,255}$/;

export const isBranchName = (name: string): boolean => BRANCH.test(name);
/** One folder of this name, without leading to another one. */
export const isFolderName = (name: string): boolean => FOLDER.test(name);

export const isVersionName = (name: string): boolean => VERSION.test(name);

const isFileName = (name: string): boolean => name !== '.' && name !== '..' && FILE.test(name);

/** `model/config.json`: below its folder, with `/`. */
export const isRelativePath = (value: string): boolean => value.split('/').every(isFileName);

/**
 * Whether a link named `name` leads to a place below the same folder, by the words alone: whether
 * other links on the way lead elsewhere shows only once they exist.
 */
export function isInnerLink(name: string, target: string): boolean {
  const place = name.split('/').slice(0, -1);
  for (const part of target.split(process.platform === 'win32' ? /[/\\]/ : '/')) {
    if (part === '..') {
      if (place.pop() === undefined) return false;
    } else if (part !== '' && part !== '.') place.push(part);
  }
  return !/^([/\\]|[A-Za-z]:)/.test(target);
}

export const branchName = (description: string) =>
  z.string().regex(BRANCH, 'not `main` or `branch-<number>`').describe(description);

/** Ids of datasets, runs, passes, base models and caches. */
export const folderName = (description: string) =>
  z.string().regex(FOLDER, 'not a plain name').describe(description);

export const versionFolder = (description: string) =>
  z.string().regex(VERSION, 'not the name of a version').describe(description);

export const fileName = (description: string) =>
  z.string().refine(isFileName, 'not a file name').describe(description);

export const relativePath = z.string().refine(isRelativePath, 'not a path inside the folder');
