/** What a version.json says of a version without measurements; the rest is each test's own. */
export const UNMEASURED_VERSION = {
  datasets: [] as { id: string; name: string }[],
  validation_loss: null,
  gap: null,
  training_loss: null,
  exact_match: null,
  parent: null,
  pinned: false,
  how: 'test',
};
