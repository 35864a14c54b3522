/**
 * The content of a report, independent of its format: a few kinds of blocks that every format supports. Text
 * is unmodified from the snapshot and may contain anything; the formats escape it.
 */

export type Block = Heading | Paragraph | Facts | Table | Tree | Ranking | CommandLine;

export interface Heading {
  kind: 'heading';
  /** 1 is the report's own heading. */
  level: 1 | 2 | 3;
  text: string;
}

export interface Paragraph {
  kind: 'paragraph';
  text: string;
  /** To be read first, or in passing. */
  weight?: 'strong' | 'faint';
}

export interface Facts {
  kind: 'facts';
  rows: Fact[];
}

export interface Fact {
  label: string;
  value: string;
  /** Names and positions: distinguished from prose, cut in the middle if too long. */
  isCode?: boolean;
}

export interface Table {
  kind: 'table';
  columns: Column[];
  rows: string[][];
}

export interface Column {
  name: string;
  /** Figures are right-aligned; words are few and our own; names get the remaining space and are cut. */
  is: 'figure' | 'words' | 'name';
  /** Omitted if the line is too short, the last one first. */
  isOptional?: boolean;
}

/** A flat list instead of nesting: a path may have as many steps as the heap has nodes. */
export interface Tree {
  kind: 'tree';
  items: TreeItem[];
}

export interface TreeItem {
  /** An item belongs to the closest item before it that is less deep; 0 is the top. */
  depth: number;
  text: string;
  /** Shown after `text` even if that is cut. */
  mark: string;
}

/** A line for each of several findings, the most important first; its figures and location are never cut. */
export interface Ranking {
  kind: 'ranking';
  /** Names of the figures, and what the findings are. */
  figures: string[];
  what: string;
  rows: RankedRow[];
}

export interface RankedRow {
  rank: number;
  /** As many as there are names of figures. */
  figures: string[];
  what: string;
  /** Short location in the program; may be empty. */
  where: string;
}

/** The next command to type. Never cut; if it takes several lines, a shell still reads it as one. */
export interface CommandLine {
  kind: 'command';
  /** The reason, shown before the command. */
  text: string;
  /** The command as an argument list; empty if there is nothing to type. */
  words: string[];
}
