/** The user's preferences, which the desktop application stores. */
import { useCallback, useEffect, useState } from 'react';
import type { DesktopSettings, DesktopSettingsChange } from '../../../src-main/contract/index.ts';
import type { HostPreferences } from '../../host/index.ts';

export interface Preferences {
  readonly now: DesktopSettings;
  readonly change: (change: DesktopSettingsChange) => void;
  /** Why the system rejected the last change, or null. */
  readonly problem: string | null;
}

/** null in a browser, and until the desktop application has answered. */
export function usePreferences(host: HostPreferences | null): Preferences | null {
  const [now, setNow] = useState<DesktopSettings | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    if (host === null) return;
    void host.get().then(setNow);
    return host.onChange(setNow);
  }, [host]);
  const change = useCallback(
    (wanted: DesktopSettingsChange): void => {
      host?.change(wanted).then(
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
