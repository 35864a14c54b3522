/** Numbers that differ between versions of V8: set by TypeScript before anything is read. Offsets are in bytes. */

export let mapType: u32 = 0;
export let mapInstanceSize: u32 = 8;
export let mapInstanceType: u32 = 12;

/** Where a scope's flags are, as a number of 32 bits. */
export let scopeFlags: u32 = 0;
/** Where a scope's number of locals is. */
export let scopeLocals: u32 = 0;
/** Where what depends on its flags begins. */
export let scopeHeader: u32 = 0;
/** The type of a module's scope. */
export let scopeOfModule: u32 = 0;
/** Whether a module's number of variables comes before the names of its locals. */
export let moduleCountFirst: u32 = 0;
/** Of locals, from which on their names are in a table of their own. */
export const MAX_INLINED_LOCALS: u32 = 75;
/** Bit of the flags: the scope has nothing that depends on them. */
export let scopeIsEmpty: u32 = 0;

/** What a function's closures take in its feedback metadata, each. */
export let feedbackClosureBytes: u32 = 0;

/** Where the number of bytes after an instruction stream's header is; it may be in its code object instead. */
export let streamBodySize: u32 = 0;
export let streamCode: u32 = 0;
export let codeInstructionSize: u32 = 0;
export let codeMetadataSize: u32 = 0;

/** Where a function and a feedback cell have the number of their code in the dispatch table; 0 where it is a pointer. */
export let functionHandle: u32 = 0;
export let feedbackCellHandle: u32 = 0;
