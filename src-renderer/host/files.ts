/** Files out of a drop or a file dialog, folders opened up. */
const known = /\.(jsonl|json|csv|parquet)(\.(gz|zst))?$/i;

/** What an upload of a folder takes along; the rest of it is counted and left. */
export function usableFiles(
  files: readonly File[],
  fromFolder: boolean,
): { readonly files: readonly File[]; readonly excludedRows: number } {
  if (!fromFolder) return { files, excludedRows: 0 };
  const kept = files.filter((file) => known.test(file.name) && !file.name.startsWith('.'));
  return { files: kept, excludedRows: files.length - kept.length };
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
}

function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => {
    reader.readEntries(resolve, reject);
  });
}

async function walk(entry: FileSystemEntry): Promise<readonly File[]> {
  if (entry.isFile) return [await fileOf(entry as FileSystemFileEntry)];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const out: File[] = [];
  // readEntries answers at most a hundred at a time; an empty answer is the end.
  for (;;) {
    const batch = await entriesOf(reader);
    if (batch.length === 0) return out;
    for (const entry of batch) out.push(...(await walk(entry)));
  }
}

/** Every file of a drop, folders included. Must be called inside the drop event: the entries are gone after it. */
export async function filesOf(
  transfer: DataTransfer,
): Promise<{ readonly files: readonly File[]; readonly excludedRows: number }> {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const taken = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const files: File[] = [];
  let excludedRows = 0;
  for (const { entry, file } of taken) {
    if (entry?.isDirectory === true) {
      const usable = usableFiles(await walk(entry), true);
      files.push(...usable.files);
      excludedRows += usable.excludedRows;
    } else if (file !== null) files.push(file);
  }
  return { files, excludedRows };
}

/** The browser's own file dialog. Answers nothing when it is closed. */
export function askForFiles(folder: boolean): Promise<readonly File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    input.webkitdirectory = folder;
    input.addEventListener('change', () => {
      resolve([...(input.files ?? [])]);
    });
    input.addEventListener('cancel', () => {
      resolve([]);
    });
    input.click();
  });
}
