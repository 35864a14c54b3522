/**
 * The rules about suspects, each family in a file, on heaps that are made up. In one process, because its start takes longer than
 * the tests of a family.
 */
import './rules/growth.js';
import './rules/kinds.js';
import './rules/holders.js';
import './rules/grouping.js';
import './rules/holder-names.js';
import './rules/answers.js';
import './rules/one-snapshot.js';
import './rules/weight.js';
import './rules/callbacks.js';
import './rules/references.js';
import './rules/redacted-names.js';
import './rules/limits.js';
import './rules/packages.js';
import './rules/locations.js';
import './rules/emitters.js';
import './rules/node-structures.js';
import './rules/module-copies.js';
import './rules/native-code.js';
import './rules/kept-instances.js';
