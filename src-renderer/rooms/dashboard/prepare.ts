/** What the dashboard will show first, made ready while another screen is shown. */
import { useCurves, warmCurves } from './curves.ts';
import { rehearseLoss } from './loss-chart.tsx';

/** Does nothing when there is a curve already. */
export async function prepare(): Promise<void> {
  if (useCurves.getState().base !== null) return;
  await warmCurves();
  const { base } = useCurves.getState();
  if (base !== null)
    requestIdleCallback(() => {
      rehearseLoss(base);
    });
}
