// The house: which package may use which, and that nothing goes in a circle. `npm run lint` asks it.
/** Each package may use those to the right of it, and nothing else of the house. */
const ARROWS = {
  host: [],
  viewer: [],
  snapshot: [],
  image: ['snapshot', 'host'],
  'v8-heap': ['image', 'snapshot', 'host'],
  agent: ['v8-heap', 'image', 'host', 'snapshot'],
};
const PACKAGES = [...Object.keys(ARROWS), 'afterimage'];

/** A package as a path to its sources, or, where it has not been built, by its name. */
const packageOf = (names) => `^(packages/(${names.join('|')})/|@afterimage/(${names.join('|')})(/|$))`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(ARROWS).map(([name, below]) => ({
      name: `arrows-of-${name}`,
      severity: 'error',
      comment: `packages/${name} may use ${below.join(', ') || 'no other package'}`,
      from: { path: `^packages/${name}/src/` },
      to: { path: packageOf(PACKAGES.filter((other) => other !== name && !below.includes(other))) },
    })),
    {
      name: 'agent-by-its-board',
      severity: 'error',
      comment: 'the command knows the agent by its status board alone',
      from: { path: '^packages/afterimage/src/' },
      to: {
        path: '^(packages/agent/|@afterimage/agent)',
        pathNot: '^(packages/agent/(src|dist)/board|@afterimage/agent/board$)',
      },
    },
    { name: 'no-circle-of-files', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-circle-of-folders', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules|/dist/' },
    includeOnly: '^(packages/[^/]+/(src|dist)/|@afterimage/)',
    exclude: '/compiled/',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
};
