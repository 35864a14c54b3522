/** What a reporter writes to: a stream, or whatever else takes text. */
export interface Output {
  write(text: string): unknown;
}
