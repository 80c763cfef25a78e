/** Scenes as tables: they are read row by row, and the contract checks every cell. */

/**
 * Cells are divided by `|`. `-`: left out. `now-60`: a time. Numbers, true, false, null and JSON are
 * read as such; everything else is text.
 */
export const table =
  (now: number) =>
  (texts: TemplateStringsArray, ...values: unknown[]) => {
    const [names = [], ...rows] = String.raw({ raw: texts }, ...values)
      .trim()
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()));
    return rows.map((cells) =>
      Object.fromEntries(
        names
          .map((name, column) => [name, cells[column] ?? '-'] as const)
          .filter(([, cell]) => cell !== '-')
          .map(([name, cell]) => [name, valueOf(cell, now)]),
      ),
    ) as Record<string, unknown>[];
  };

function valueOf(cell: string, now: number): unknown {
  if (cell.startsWith('now')) return now + Number(cell.slice(3));
  return /^(-?[\d.]+(e\d+)?|true|false|null|[[{"].*)$/.test(cell)
    ? (JSON.parse(cell) as unknown)
    : cell;
}
