/** The running engine and how clients reach it. */
import { z } from 'zod';
import { COMMAND_NAME } from './command-name.ts';

export const engineFacts = z.object({
  contract: z.number().int(),
  build: z.string(),
  version: z.string(),
  pid: z.number().int(),
  started: z.number(),
  workspace: z.string(),
  workspace_name: z.string(),
  port: z.number().int(),
  platform: z.string(),
  /** How a user of this machine can type `nightshift`, which texts name: itself once it is linked. */
  command: z.string().default(COMMAND_NAME),
});
export type EngineFacts = z.infer<typeof engineFacts>;

export const accessState = z.object({
  /** `http://127.0.0.1:8080/` */
  address: z.string(),
  port: z.number().int(),
  /** null when disabled. */
  memory_port: z.number().int().nullable(),
  open_status: z.boolean(),
  /** The session of this browser; null for whoever has the token. */
  session: z.string().nullable(),
});
export type AccessState = z.infer<typeof accessState>;

/** A browser that is signed in. */
export const accessSession = z.object({
  id: z.string(),
  /** How the browser names itself. */
  browser: z.string(),
  /** Unix seconds. */
  created: z.number(),
  /** Last use, Unix seconds, to within an hour. */
  used: z.number(),
  /** Open pages. */
  pages: z.number().int(),
});
export type AccessSession = z.infer<typeof accessSession>;

export const accessLink = z.object({ link: z.string(), expires: z.number() });
