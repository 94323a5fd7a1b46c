const kept_ms = 60_000;

/** Lets the browser save the file that is at `address`. */
export function follow_link(address: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = '';
  link.click();
}

/** Lets the browser save `content` as a file. */
export function save_file(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), kept_ms);
}
