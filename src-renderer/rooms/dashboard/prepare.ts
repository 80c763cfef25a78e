/** Prepares the dashboard's first draw while another screen is shown. */
import { prefetchCurves, useCurves } from './curves.ts';
import { prewarmLoss } from './loss-configuration.ts';

/** Does nothing when the curves are already there. */
export async function prepare(): Promise<void> {
  if (useCurves.getState().base !== null) return;
  await prefetchCurves();
  const { base } = useCurves.getState();
  if (base !== null)
    requestIdleCallback(() => {
      prewarmLoss(base);
    });
}
