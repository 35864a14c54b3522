/** Numbers that differ between versions of V8: set by TypeScript before anything is read. Offsets are in bytes. */

export let mapType: u32 = 0;
export let mapInstanceSize: u32 = 8;
export let mapInstanceType: u32 = 12;

/** Where a scope's flags are, as a number of 32 bits. */
export let scopeFlags: u32 = 0;
/** Where a scope says where its code begins; 0 where that is one of its parts. */
export let scopePosition: u32 = 0;
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

/** Words that a collection finds in the roots table: the empty slot of a table, and a removed one's. */
export let undefinedWord: u64 = 0;
export let holeWord: u64 = 0;
export let protoName: u64 = 0;
export let prototypeName: u64 = 0;
export let constructorName: u64 = 0;
export let toStringTag: u64 = 0;
export let nameName: u64 = 0;

/** Types that edges or names depend on. */
export let functionFirst: u32 = 0;
export let functionLast: u32 = 0;
export let receiverFirst: u32 = 0;
export let proxyType: u32 = 0;
export let globalObjectType: u32 = 0;
export let globalProxyType: u32 = 0;
export let oddballType: u32 = 0;
export let scopeInfoType: u32 = 0;
export let uncompiledFirst: u32 = 0;
export let uncompiledLast: u32 = 0;
export let tuple2Type: u32 = 0;
export let propertyArrayType: u32 = 0;
export let nameDictionaryType: u32 = 0;
export let globalDictionaryType: u32 = 0;
export let numberDictionaryType: u32 = 0;
export let propertyCellType: u32 = 0;
export let accessorPairType: u32 = 0;
export let fixedArrayFirst: u32 = 0;
export let fixedArrayLast: u32 = 0;
export let trustedFixedArrayType: u32 = 0;
export let weakFixedArrayType: u32 = 0;
export let transitionArrayType: u32 = 0;
export let functionTemplateType: u32 = 0;
export let contextFirst: u32 = 0;
export let contextLast: u32 = 0;
export let nativeContextType: u32 = 0;
export let fixedDoubleArrayType: u32 = 0;
export let jsArrayType: u32 = 0;
export let symbolType: u32 = 0;
export let codeType: u32 = 0;
export let feedbackCellType: u32 = 0;
export let streamType: u32 = 0;
export let interpreterDataType: u32 = 0;
export let scriptType: u32 = 0;
export let generatorFirst: u32 = 0;
export let generatorLast: u32 = 0;

/** Where descriptors begin in their array. */
export let descriptorsAt: u32 = 24;
/** Fields of functions. */
export let functionShared: u32 = 0;
/** Fields of SharedFunctionInfo: its code or data, and where that is not trusted; 0 where it is one field. */
export let sharedData: u32 = 8;
export let sharedOldData: u32 = 0;
export let sharedNameOrScope: u32 = 0;
/** Where it has its script. */
export let sharedScript: u32 = 0;
/** Fields of code objects. */
export let codeFlags: u32 = 0;
/** Bits of these flags: a CodeKind in V8. */
export const KIND_OF_CODE: u32 = 15;
export let codeStream: u32 = 0;
export let codeDeoptimization: u32 = 0;
export let codePositions: u32 = 0;
/** What functions that have not been compiled to machine code run. */
export let interpreterEntry: u64 = 0;
/** The kinds of code that a number in the lower bits of its flags stands for. */
export let baselineKind: u32 = 0;
/** Whether it is the code that a function's name is given to, and not the object that describes it. */
export let streamsHaveNames: u32 = 0;
/** Whether the common part of a function names itself where it has no name. */
export let sharedTagsItself: u32 = 0;
/** Where bytecode has its constants. */
export let bytecodePool: u32 = 0;
/** Elements of feedback vectors. */
export let feedbackSlots: u32 = 0;
/** Whether the size of an external string counts its characters. */
export let externalSize: u32 = 0;

/** Types of objects that were made by V8's API, and where the fields of these begin. */
export let apiFirst: u32 = 0;
export let apiLast: u32 = 0;
export let apiHeader: u32 = 24;
/** Fields of array buffers: where their memory is, and how much. */
export let bufferStore: u32 = 0;
export let bufferBytes: u32 = 0;

/** Instruction streams: where their code begins, and what refers to objects in it; 0 where that is in the code object. */
export let streamHeader: u32 = 0;
export let streamRelocations: u32 = 0;
/** Modes of relocation entries: the first that is followed by data, and the jump; 0 where they are not known. */
export let relocationConstPool: u32 = 0;
export let relocationPcJump: u32 = 0;
/** A mode of its own with data: entries of a table to jump by; 0 where there is none. */
export let relocationSwitch: u32 = 0;
/** Kinds of code that hold some objects only weakly. */
export let firstWeakKind: u32 = u32.MAX_VALUE;
export let primitiveWrapperType: u32 = 0;
export let bigIntType: u32 = 0;
export let heapNumberType: u32 = 0;
/** Types of tables that code objects have: of bytes, trusted or not, and of weak references. */
export let byteArrayType: u32 = 0;
export let byteTableType: u32 = 0;
export let weakTableType: u32 = 0;
/** Whether objects in read-only space count with their sizes. */
export let readOnlySize: u32 = 0;
/** The type of marks that say nothing as references, where that is not only the hole; 0 where there is none. */
export let holeType: u32 = 0;
/** Counts at the beginning of an array of transitions, in words. */
export let transitionHeader: u32 = 3;
/** Whether the own property `name` of what made an object comes before the name it was written with. */
export let ownNamesCount: u32 = 0;
/** Whether names of global objects say that they are such. */
export let globalsSayWhich: u32 = 0;
/** Bits of a symbol's flags that say that it is private. */
export let privateFlags: u32 = 1;
/** And of those that are names of private fields, or called like such. */
export let privateNameFlags: u32 = 16;
/** Where a regular expression's data has its source; it lies among the elements of an array in older versions. */
export let regexpSource: u32 = 16;
