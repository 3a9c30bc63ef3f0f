/** Waits until another file would have another time stamp in its name. */
export function nextSecond(): Promise<void> {
  return new Promise((done) => setTimeout(done, 1100));
}
