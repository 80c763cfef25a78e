import type { NightshiftBridge } from '../../src-main/contract/host.ts';

declare global {
  interface Window {
    readonly nightshift: NightshiftBridge;
  }
}
