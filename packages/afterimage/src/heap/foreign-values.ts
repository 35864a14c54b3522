/** Checks of values that another process or a container has sent: each returns the value, or throws what `wrong` makes. */

export interface ForeignValues {
  record: (value: unknown) => Record<string, unknown>;
  /** A finite number of at least 0. */
  figure: (value: unknown) => number;
  /** A string, cut to the longest that is shown. */
  text: (value: unknown) => string;
}

export function foreignValues(maxText: number, wrong: () => Error): ForeignValues {
  return {
    record: (value) => {
      if (typeof value !== 'object' || value === null) throw wrong();
      return value as Record<string, unknown>;
    },
    figure: (value) => {
      if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw wrong();
      return value;
    },
    text: (value) => {
      if (typeof value !== 'string') throw wrong();
      return value.slice(0, maxText);
    },
  };
}
