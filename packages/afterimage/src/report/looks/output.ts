/** Destination of a report: a stream, or anything else that accepts text. */
export interface Output {
  write(text: string): unknown;
}
