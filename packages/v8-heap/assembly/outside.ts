/** What the compiled reader asks for while it reads; TypeScript answers. */

/** Where a copy of bytes outside of the heap is; 0 where there are none. */
export declare function readOutside(address: u64, bytes: u32): usize;
/** Takes the edges that are in the buffer. */
export declare function takeEdges(): void;
/** Takes an edge from another node than the one whose turn it is. */
export declare function takeOther(from: u32, type: u32, name: u32, to: u32): void;
/** The node for memory outside of the heap, which the object with this id has; NO_NODE where there is no room for one. */
export declare function backingStore(address: u64, bytes: u64, owner: u32): u32;
