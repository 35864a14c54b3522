/**
 * What a report says, apart from how it looks: a few kinds of blocks that every reporter can show. All text in
 * them is as it is in the snapshot, with whatever was in it: reporters make it harmless where they write it.
 */

export type Block = Heading | Paragraph | Facts | Table | Tree | Ranking | CommandLine;

export interface Heading {
  kind: 'heading';
  /** 1 is the report's own. */
  level: 1 | 2 | 3;
  text: string;
}

export interface Paragraph {
  kind: 'paragraph';
  text: string;
  /** What is to be read first, or in passing. */
  weight?: 'strong' | 'faint';
}

export interface Facts {
  kind: 'facts';
  rows: Fact[];
}

export interface Fact {
  label: string;
  value: string;
  /** Names and positions: told from prose, cut in the middle when too long. */
  isCode?: boolean;
}

export interface Table {
  kind: 'table';
  columns: Column[];
  rows: string[][];
}

export interface Column {
  name: string;
  /** Figures stand to the right; words are our own and few; names take what room there is, and are cut. */
  is: 'figure' | 'words' | 'name';
  /** Left out, the last one first, where the line is too short for all. */
  isOptional?: boolean;
}

/** A list rather than nested: a path may have as many steps as the heap has nodes. */
export interface Tree {
  kind: 'tree';
  items: TreeItem[];
}

export interface TreeItem {
  /** An item belongs to the nearest one before it that is less deep; 0 is the top. */
  depth: number;
  text: string;
  /** Shown even where `text` has to be cut, after it. */
  mark: string;
}

/** A line for each of several findings, the most telling first; neither its figures nor its place is ever cut. */
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
  /** Where in the program that is, short; may be empty. */
  where: string;
}

/** What to type next. Never cut; where it takes several lines, a shell still reads it as one. */
export interface CommandLine {
  kind: 'command';
  /** In words, why; stands before the command. */
  text: string;
  /** The words of the command, as the program gets them; none where there is nothing to type. */
  words: string[];
}
