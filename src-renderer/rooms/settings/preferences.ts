/** The user's taste as the surroundings keep it: read once, followed, changed; a refusal of the system is kept as its sentence. */
import { useCallback, useEffect, useState } from 'react';
import type { DesktopSettings, DesktopSettingsChange } from '../../../src-main/contract/index.ts';
import type { HostPreferences } from '../../host/index.ts';

export interface Preferences {
  readonly now: DesktopSettings;
  readonly change: (change: DesktopSettingsChange) => void;
  readonly problem: string | null;
}

/** null where the surroundings keep nothing, and until they have answered. */
export function useTastes(host: HostPreferences | null): Preferences | null {
  const [now, setNow] = useState<DesktopSettings | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    if (host === null) return;
    void host.get().then(setNow);
    return host.onChange(setNow);
  }, [host]);
  const change = useCallback(
    (asked: DesktopSettingsChange): void => {
      host?.change(asked).then(
        (after) => {
          setNow(after);
          setProblem(null);
        },
        (error: unknown) => {
          setProblem(error instanceof Error ? error.message : String(error));
        },
      );
    },
    [host],
  );
  return now === null ? null : { now, change, problem };
}
