// The heap parser of Visual Studio Code (Rust, as WebAssembly):
//   node v8-heap-parser.mjs FILE
// Loads the file and prints the 20 classes of the largest retained size.
import { readFileSync } from 'node:fs';
import parser from '@vscode/v8-heap-parser';

parser.init_panic_hook();
const graph = parser.decode_bytes(readFileSync(process.argv[2]));
for (const group of graph.get_class_groups(0, 20, false)) {
  console.log(group.retained_size, group.self_size, group.children_len, group.name().slice(0, 60));
}
