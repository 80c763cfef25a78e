/** Files of a drop or a file dialog, with folders expanded. */
const SUPPORTED = /\.(jsonl|ndjson|json|csv|tsv|txt|parquet)(\.(gz|zst))?$/i;

/** Supported files of a folder upload; the others are counted and ignored. */
export function usableFiles(
  files: readonly File[],
  fromFolder: boolean,
): { readonly files: readonly File[]; readonly ignored: number } {
  if (!fromFolder) return { files, ignored: 0 };
  const supported = files.filter((file) => SUPPORTED.test(file.name) && !file.name.startsWith('.'));
  return { files: supported, ignored: files.length - supported.length };
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

async function filesIn(entry: FileSystemEntry): Promise<readonly File[]> {
  if (entry.isFile) return [await fileOf(entry as FileSystemFileEntry)];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const out: File[] = [];
  // readEntries returns at most 100 entries per call; an empty array is the end.
  for (;;) {
    const batch = await entriesOf(reader);
    if (batch.length === 0) return out;
    for (const entry of batch) out.push(...(await filesIn(entry)));
  }
}

/** Every file of a drop, including folders. Must be called inside the drop event: entries are invalid after it. */
export async function filesOf(
  transfer: DataTransfer,
): Promise<{ readonly files: readonly File[]; readonly ignored: number }> {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const taken = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const files: File[] = [];
  let ignored = 0;
  for (const { entry, file } of taken) {
    if (entry?.isDirectory === true) {
      const usable = usableFiles(await filesIn(entry), true);
      files.push(...usable.files);
      ignored += usable.ignored;
    } else if (file !== null) files.push(file);
  }
  return { files, ignored };
}

/** The browser's file dialog. Resolves to an empty array when it is canceled. */
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
