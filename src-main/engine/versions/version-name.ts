/** The readable part of a version's name: `sample` of `v001_sample`. Pure. */

/** Lower case letters, digits and single dashes; at most 40. */
export function slugOf(name: string): string {
  const stem = name.replace(/\.((jsonl|ndjson|json|csv|tsv|txt)(\.(gz|zst))?|parquet)$/i, '');
  const slug = stem
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return slug === '' ? 'dataset' : slug;
}
