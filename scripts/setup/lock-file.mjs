/** Reads a requirements file with hashes, as uv writes it. Pure. */

/** `[{ name, version, requirement, text, hashes }]`, in order. `text`: as it stands in the file. */
export function lockEntries(text) {
  const entries = [];
  for (const block of text.replaceAll('\r\n', '\n').split(/\n(?=[^\s#])/)) {
    const match = /^([A-Za-z0-9._-]+)==(\S+?)(?:\s*;\s*([^\\]+?))?\s*(?:\\|$)/m.exec(block);
    if (match === null) continue;
    const [, name, version, marker] = match;
    const lines = block.slice(match.index).trimEnd();
    entries.push({
      name: name.toLowerCase(),
      version,
      requirement: `${name}==${version}${marker === undefined ? '' : ` ; ${marker}`}`,
      text: lines,
      hashes: [...lines.matchAll(/--hash=sha256:([0-9a-f]{64})\b/g)].map(([, hash]) => hash),
    });
  }
  return entries;
}
